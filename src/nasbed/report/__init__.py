"""Reporting: statistics of many runs, comparisons, figures."""
