"""Shipped results on the filters of the bundled pairs of networks."""
