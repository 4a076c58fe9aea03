"""Whether a client is ready: it is run through acts in a sandbox, and judged by what it did there."""
