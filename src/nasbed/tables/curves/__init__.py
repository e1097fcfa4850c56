"""Tables of learning curves: every training of every architecture, by data set, recipe, split and seed."""
