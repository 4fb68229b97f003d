"""Figures: how many visitors, what they asked, what they were told, how fast; by day, week or month."""
