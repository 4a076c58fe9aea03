"""Where worlds are kept: in this process, or on an engine that several processes share."""
