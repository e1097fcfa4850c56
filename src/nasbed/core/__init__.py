"""The ground floor: records, graphs, protocols, registries, randomness. NumPy and numba only."""
