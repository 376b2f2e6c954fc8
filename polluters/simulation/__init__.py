"""Honest loggers of invented plants: the same bytes real ones would send."""
