"""The semantics page: what deep features tell apart."""
