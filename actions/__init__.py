"""Runs in the action server: handing a visitor over to the clinic."""
