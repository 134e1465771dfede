"""View models, texts and tables in plain Python; no Streamlit."""
