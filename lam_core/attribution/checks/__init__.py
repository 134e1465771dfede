"""Checks of a map or a model: one file a check, and the requests with which the service computes them."""
