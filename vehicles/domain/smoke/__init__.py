"""Smoke photometry: transmission, Ringelmann level, quality gates, plate voting."""
