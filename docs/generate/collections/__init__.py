"""``clients/``: a Postman collection, a Bruno folder and Arazzo descriptions, of the contract and the scenarios."""
