"""Documentation that runs: the commands of a page, carried out and held against its answers."""
