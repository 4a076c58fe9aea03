"""The report of a rehearsal: in the terminal, as a page to hand on, as JUnit and as JSON."""
