"""Documentation that runs: the commands of a page are run, and its responses are checked."""
