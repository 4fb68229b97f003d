"""What staff make of conversations: what needs a look first, state, tags, notes, who has it, and marks."""
