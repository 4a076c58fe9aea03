"""Stands between a client and a deployment, and tells what their traffic shows."""
