"""Other libraries' methods, one for each run."""
