"""Rules: which part of its inputs a node of the graph needs for a wanted part of its output."""
