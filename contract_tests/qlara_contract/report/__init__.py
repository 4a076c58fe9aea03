"""What a run found, for each kind of reader: a terminal, a browser, CI, a program."""
