"""Use cases: one function per thing that people, or the clock, can do."""
