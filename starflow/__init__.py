"""争星: the yearly star rating of grassroots organisations, as a state machine with deadlines."""

__version__ = "0.1.0"
