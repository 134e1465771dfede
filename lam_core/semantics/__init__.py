"""What a network's deep features have learned to tell apart: content, or degradation.

`analyse.analyse` is the verb; importing this package loads nothing.
"""
