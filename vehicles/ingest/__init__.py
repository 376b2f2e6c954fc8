"""What reaches vehicles from outside, before it is stored."""
