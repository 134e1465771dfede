"""The second part of the grammar, drawn from seed 500 on: what the first five hundred networks do not do."""
