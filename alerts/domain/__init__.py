"""Rules of alerting in plain Python: what an alert is, who hears of it and when."""
