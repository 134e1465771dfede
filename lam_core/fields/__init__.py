"""Receptive fields of a network: what its output draws on over many images, and its response to an impulse."""
