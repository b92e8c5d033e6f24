"""The pages that people work with: server-rendered, complete without a script, one module for each.

A page reads through the use cases and writes through the one door, as whoever the browser speaks for; `shell.py` is what all of
them share, `rendering.py` how they leave, `language.py` their words.
"""
