"""The stories: plain pytest functions, one per behaviour, each with its own new list."""
