"""What can be wrong with a file that describes a network as a graph."""

from zoo.errors import ZooError


class GraphError(ZooError):
    """A graph that does not fit together, or is no network from one picture to one picture."""


class UnknownOperatorError(GraphError):
    """A graph with operators that are not computed here; the message names them."""
