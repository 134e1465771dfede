"""Studies over many models, images and windows: sweeps, hard windows, content, receptive fields, correlations."""
