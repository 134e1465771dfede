"""A convolution layer, and how its filters are numbered among all of a network."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Layer:
    """A convolution layer and the range of numbers that its filters have."""

    name: str
    """Dotted module name, such as `body.0.conv1`."""
    rows: int
    """First size of the weight: output channels (input channels of a transposed convolution)."""
    columns: int
    """Second size of the weight: input channels a group (output channels a group of a transposed convolution)."""
    kernel: tuple[int, int]
    """Height and width of a filter in pixels."""
    first: int
    """Number of the layer's first filter; filter (row, column) is first + row · columns + column."""

    @property
    def count(self) -> int:
        """Filters of this layer."""
        return self.rows * self.columns

    @property
    def numbers(self) -> slice:
        """The layer's filters among all of the network."""
        return slice(self.first, self.first + self.count)

    def place(self, number: int) -> tuple[int, int]:
        """Row and column of a filter of this layer.

        >>> Layer("body", 4, 3, (3, 3), first=10).place(15)
        (1, 2)
        """
        return divmod(number - self.first, self.columns)
