"""FastAPI over the same use cases."""
