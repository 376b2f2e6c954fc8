"""Template tags of polluters."""
