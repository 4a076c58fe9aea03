"""What the sandbox does with a world on behalf of more than one caller."""
