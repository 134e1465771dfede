"""Shipped receptive fields of the compact networks and of published checkpoints."""
