"""From a checkpoint file to a network: reading safely, detecting the architecture, choosing the input convention."""
