"""The page: one HTML file that holds all of a comparison and needs nothing else."""
