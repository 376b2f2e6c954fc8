"""Reads across all apps for the overview, search and figures."""
