"""Streamlit code that two or more pages draw."""
