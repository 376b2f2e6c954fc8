"""Pages of alerting."""
