"""Scores of many architectures: what was asked, the campaign that finds it, and what it found."""
