"""Servers under load, side by side: ``python -m benchmarks.run``."""
