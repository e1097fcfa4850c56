"""Executors: inline, in worker processes, and on the nodes of a Ray cluster."""
