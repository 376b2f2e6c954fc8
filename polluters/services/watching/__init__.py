"""Findings that do not come of one logger's series: marks, upkeep, figures, forecasts.

Each module looks at its own matter and keeps what it finds through
``services.findings.keep``, so that a second look changes nothing.
"""
