"""The only public process (Django): website API, contact form, conversation log for staff, health."""
