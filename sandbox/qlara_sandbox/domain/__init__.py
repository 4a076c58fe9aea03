"""What the API means: cards, plans, quotas and refusals. Pure: no HTTP, clock, store or framework."""
