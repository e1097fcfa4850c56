"""Evolutionary algorithms composed of parts: who breeds, how, and who makes way."""
