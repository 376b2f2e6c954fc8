"""Rules of emission monitoring: plain Python, no Django, no I/O, ``now`` an argument."""
