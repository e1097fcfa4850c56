"""Landscapes: what a space and a table look like to a search that moves from neighbour to neighbour."""
