"""What every process knows: the clinic, and the shape of a reply. Imports nothing from the other folders."""
