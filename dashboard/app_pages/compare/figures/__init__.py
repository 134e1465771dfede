"""Results of checks and methods in, plotly figures out."""
