"""Any state machine: a checked table, decisions, deadlines. Knows nothing of ratings."""
