"""REST interface of vehicles."""
