"""Watching cameras: cut their streams into segments, keep an eye on their health."""
