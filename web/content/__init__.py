"""What the assistant says, as staff see it: what is due for review, what is signed, what to say instead."""
