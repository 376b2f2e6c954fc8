"""Seeing: loaded only by the vision worker and by vision commands."""
