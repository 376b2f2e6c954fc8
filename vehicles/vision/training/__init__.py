"""How the smoke model is made from a folder of labelled photos."""
