"""Benchmarks: tables, and later surrogates, scores and real training, behind one question."""
