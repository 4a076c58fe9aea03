"""A sandbox of the Qlara contact API."""

__version__ = "0.1.0"
