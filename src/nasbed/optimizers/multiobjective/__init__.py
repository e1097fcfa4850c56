"""Searches for several objectives at once."""
