"""Stores: in an SQLite file, and in memory."""
