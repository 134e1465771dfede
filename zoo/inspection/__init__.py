"""Measuring networks: what a file turns out to be, an entry's claims beside measurements, proposals for new entries."""
