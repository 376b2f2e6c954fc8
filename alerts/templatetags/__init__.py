"""Template tags of alerting."""
