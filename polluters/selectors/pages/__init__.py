"""What the pages of polluters show, each with a fixed number of queries."""
