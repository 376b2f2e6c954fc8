"""Leaf helpers without models; imported by every app, importing none of them."""
