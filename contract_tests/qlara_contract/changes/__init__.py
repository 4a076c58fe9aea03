"""What a change of the contract means: which of its statements are new, gone, narrower or wider."""
