"""``shell``: a subshell in which the documented commands reach the sandbox."""
