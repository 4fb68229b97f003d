"""What staff marked becomes examples: sifted, tried in a copy of the project, judged before and after."""
