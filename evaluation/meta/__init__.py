"""A simulated Meta: signed webhooks out, Graph calls in; by hand, for conformance, and with faults."""
