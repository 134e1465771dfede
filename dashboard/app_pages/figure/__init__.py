"""The figure builder: windows and networks in one figure for a paper."""
