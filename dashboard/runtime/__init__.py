"""What the process holds: no widget, no session."""
