"""The optimizers: methods that propose and listen, and never evaluate."""
