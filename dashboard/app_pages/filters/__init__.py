"""The filters page: which filters of a fine-tuned network undo which degradation."""
