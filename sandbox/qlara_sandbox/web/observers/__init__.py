"""What looks at every request once it is over: journal, metrics, events, and the access log.

An observer is called with the request's journal entry; it changes nothing.
"""
