"""The website API."""
