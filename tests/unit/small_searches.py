"""One-shot searches small enough for tests: a cell of three edges, four channels, few digits."""

from dataclasses import replace

from nasbed.nets.data.source import Part
from nasbed.oneshot import METHODS, OneShot
from nasbed.testing.methods import ended, few_digits, small, small_cell

CELL = small_cell()
SMALL = {"channels": 4, "cells": 1}


def fewer(part, kept):
    """Return a part of some data with some of its images alone."""
    return Part(part.images[kept], part.labels[kept], part.scale)


def search(method, epochs=2, seed=0, **changes):
    """Make a search by the settings of a method, with three batches of 32 images an epoch and few candidates."""
    made = small(METHODS[method], seed, epochs)
    return OneShot.of(replace(made.method, **changes), CELL, few_digits(), epochs, seed, **SMALL) if changes else made


def finished(method):
    """Return a search of two epochs that has ended; nobody changes it."""
    return ended(METHODS[method])
