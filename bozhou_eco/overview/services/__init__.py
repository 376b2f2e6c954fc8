"""Writes of the overview."""
