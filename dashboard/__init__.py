"""The project in a browser: Streamlit pages over `zoo` and `lam_core`."""
