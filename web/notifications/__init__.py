"""Telling the clinic that something waits for it: no content, no personal data."""
