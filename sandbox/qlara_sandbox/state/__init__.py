"""What is remembered: worlds, their clocks and their ids."""
