"""The conversation log: what visitors wrote, what they were told, and what was understood."""
