"""Results that ship with the project, so that the first page needs no network, no PyTorch and no waiting."""
