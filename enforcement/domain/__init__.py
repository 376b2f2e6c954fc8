"""Rules of casework: plain Python, no Django, no I/O; ``now`` is an argument."""
