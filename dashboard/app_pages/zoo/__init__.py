"""The zoo page: all models, a card for each, and a place for one of the visitor's own."""
