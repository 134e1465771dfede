"""What one browser session holds."""
