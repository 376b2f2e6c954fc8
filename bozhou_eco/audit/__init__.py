"""Who did or read what: append-only, sealed into a chain."""
