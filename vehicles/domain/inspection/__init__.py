"""The vehicle test: its shape, reading, judging, start gate and numbers."""
