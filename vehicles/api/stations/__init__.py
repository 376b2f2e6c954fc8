"""REST interface of inspection stations."""
