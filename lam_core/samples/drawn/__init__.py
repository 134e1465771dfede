"""The drawn samples as files."""
