"""The gates that a request passes before its handler, in the order in which ``web.app`` lists them.

Each one lets the request pass (None), responds in the handler's place, or raises a refusal.
"""
