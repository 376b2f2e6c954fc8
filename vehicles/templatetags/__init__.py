"""Template tags of vehicles."""
