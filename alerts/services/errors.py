"""Refusals that a person reads."""


class RefusedError(ValueError):
    """An act that cannot be done; the message is for the person."""
