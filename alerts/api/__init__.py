"""REST operations of alerting."""
