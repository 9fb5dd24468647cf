"""Faults at random from a seed, on real processes; what was promised is checked at the end."""
