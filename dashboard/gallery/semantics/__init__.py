"""Results on degradation semantics that ship with the project: figures and coordinates, no weights."""
