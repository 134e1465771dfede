"""Streamlit components of this project: inline HTML, CSS and JavaScript, nothing fetched from elsewhere."""
