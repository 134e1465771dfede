"""Studies of content in, plotly figures out."""
