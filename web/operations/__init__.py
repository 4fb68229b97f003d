"""What an operator does with a running installation: look at it, back it up, restore it."""
