"""How fast the console is with many conversations: `make console-bench`."""
