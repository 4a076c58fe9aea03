"""Passes HTTP/1.1 on, byte for byte, and knows where each message ends."""
