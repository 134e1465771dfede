"""Figures for papers: the window in its picture with a column for each model, and sheets of titled tiles."""
