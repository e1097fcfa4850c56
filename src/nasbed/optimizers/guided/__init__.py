"""Searches that a predictor guides."""
