"""Spreadsheets and paper, in and out."""
