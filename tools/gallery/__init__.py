"""Programs that make the results which ship with the dashboard."""
