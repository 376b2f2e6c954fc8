"""Captures over REST: vendors' devices in, lists out."""
