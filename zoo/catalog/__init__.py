"""The catalogue: entries read from TOML, the registry of all of them, lists of them, and the writer of new ones."""
