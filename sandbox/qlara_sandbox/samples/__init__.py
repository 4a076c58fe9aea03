"""Sample files: realistic cards, written as address books write them, with a known outcome."""
