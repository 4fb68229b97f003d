"""The built-in contact form, for clinics without a contact page of their own."""
