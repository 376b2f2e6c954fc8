"""Papers that the overview hands out."""
