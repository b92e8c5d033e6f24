"""The bell: the only room that knows APScheduler."""
