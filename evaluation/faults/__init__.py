"""What visitors see, and what becomes of their messages, while parts of the product are really stopped."""
