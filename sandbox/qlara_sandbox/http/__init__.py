"""HTTP as the contract has it: requests, responses, forms, and the server under them."""
