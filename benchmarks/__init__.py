"""How fast it is, beside the raw limit of the same database and beside what else one could use. Nothing here asserts a time."""
