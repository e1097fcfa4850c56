"""Executors: inline, and in worker processes."""
