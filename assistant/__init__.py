"""Runs inside the Rasa server: understanding (NLU components), responses, the gateway channel, the tracker store."""
