"""Benchmarks: one module a name, each with ``run(quick) -> list of figures``."""
