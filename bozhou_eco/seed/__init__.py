"""Invented data for the demo and for load: nothing here is a real firm or person."""
