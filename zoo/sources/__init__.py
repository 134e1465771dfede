"""Where files come from: the Hub, GitHub, the user; every byte is checked before it is read."""
