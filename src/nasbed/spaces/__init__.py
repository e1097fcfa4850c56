"""Spaces: which architectures there are, each as a row of small integers."""
