"""Reads of alerting."""
