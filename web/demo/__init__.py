"""`make demo`: made-up conversations in a database of their own, to see the console with something in it."""
