"""Ballots, public notices, objections and files: pages that need no script, most of them no sign-in either."""
