"""Star rating: stage kinds, schemes, scoring, quotas; every function is pure."""
