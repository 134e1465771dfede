"""The project in a terminal: one console script, `lam`."""
