"""Tools for agents: a sandbox, its contract and the contract suite over the Model Context Protocol."""
