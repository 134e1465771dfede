"""Results in, plotly figures and tables out. Pure: no Streamlit, no computing."""
