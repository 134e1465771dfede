"""The compare page: several networks on one window."""
