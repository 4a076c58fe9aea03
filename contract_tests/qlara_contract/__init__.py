"""Does a deployment keep the promises of the contract?"""
