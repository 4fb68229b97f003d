"""Messenger and WhatsApp: webhooks, who a visitor is, rendering, sending."""
