"""Searches that walk from neighbour to neighbour."""
