"""One-shot searches small enough for tests: a cell of three edges, four channels, few digits."""

from dataclasses import replace
from functools import lru_cache

from nasbed.nets.data.source import Part, load
from nasbed.oneshot import METHODS, OneShot
from nasbed.spaces import WrittenSpace, choice, edges, op

CELL = WrittenSpace(edges(3, lambda i, j: choice(op("none"), op("skip"), op("nor_conv_1x1"))))
SMALL = {"channels": 4, "cells": 1}
FEW = {"candidates": 4, "images": 32, "population": 4, "rounds": 2, "top": 2, "calibration": 64, "tuning": 1}


def fewer(part, kept):
    """Return a part of some data with some of its images alone."""
    return Part(part.images[kept], part.labels[kept], part.scale)


def few_digits():
    """Return 96 digits to train on, and as many to validate on."""
    whole = load("digits")
    return replace(whole, train=fewer(whole.train, slice(96)), validation=fewer(whole.validation, slice(96)))


def search(method, epochs=2, seed=0, **changes):
    """Make a search by the settings of a method, with three batches of 32 images an epoch and few candidates."""
    known = METHODS[method]
    few = replace(known.choice, **FEW)
    stages = tuple(one._replace(kept=min(one.kept, 2)) for one in known.stages)  # of the three values that there are
    made = replace(known, **{"batch": 32, "choice": few, "stages": stages, **changes})
    return OneShot.of(made, CELL, few_digits(), epochs, seed, **SMALL)


@lru_cache
def finished(method):
    """Return a search of two epochs that has ended; nobody changes it."""
    return search(method).run()
