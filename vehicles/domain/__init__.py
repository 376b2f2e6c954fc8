"""Rules about vehicles as plain Python: no Django, no I/O."""
