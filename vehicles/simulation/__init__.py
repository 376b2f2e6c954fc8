"""Honest and dishonest vehicle tests, invented: for the demo, the client and the bench."""
