"""The content page: which images give a large DI."""
