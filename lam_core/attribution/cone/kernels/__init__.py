"""Kernels: how an operation of the graph runs forward and backward."""
