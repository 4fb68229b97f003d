"""What the assistant learned from marks of staff, when, and what that did."""
