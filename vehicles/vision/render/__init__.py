"""Drawn road clips with known truth: scenes, trucks, plates, plumes."""
