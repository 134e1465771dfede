"""From a name to a model: resolving, references, loading, and the pool of loaded networks."""
