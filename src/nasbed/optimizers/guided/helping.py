"""What guided searches do with numbers and errors, whatever their predictor is."""

from __future__ import annotations

import re
from contextlib import suppress
from functools import cache
from typing import Any

import numpy as np

from nasbed.core.errors import BadSetting
from nasbed.core.extras import require
from nasbed.core.registry import predictors
from nasbed.core.space import Space
from nasbed.core.spelling import joined, named
from nasbed.encodings.joining import encoding
from nasbed.optimizers.worth import OVER
from nasbed.predictors.encoded import EncodedPredictor
from nasbed.predictors.kernel import Floats
from nasbed.predictors.targets import Transformation

_ADDRESS = re.compile("0x[0-9a-fA-F]+")
_LONGEST = 200  # characters of why a predictor failed


def check_installed(predictor: str) -> None:
    """See that a predictor is there, given as ``NAME`` or ``NAME:key=value``, and what it needs.

    Raises:
        UnknownName: When there is no such predictor.
        MissingExtra: When what it needs is not installed.
    """
    predictors[named(predictor)[0]].check_installed()
    require("threadpoolctl", "predictors")


def predictor_of(words: str, space: Space, encoding: str, target: Transformation) -> EncodedPredictor:
    """Make the predictor of a search; settings in its words go before the others.

    Args:
        words: The predictor: ``NAME`` or ``NAME:key=value``.
        space: Whose architectures it reads.
        encoding: What it sees of them; of several, divided by ``|``, the first that the space has.
        target: What it learns.
    """
    name, settings = named(words)
    own = {"space": space, "encoding": first_encoding(encoding, space), "target": target}
    made: EncodedPredictor = predictors.make(name, joined(own, settings))
    return made


def first_encoding(names: str, space: Space) -> str:
    """Return the first of some encodings, divided by ``|``, that a space has.

    Raises:
        BadSetting: When it has none of them, with why it has not the last.
    """
    *others, last = names.split("|")
    for name in others:
        with suppress(BadSetting):
            encoding(name, space)
            return name
    return last


def in_words(error: Exception) -> str:
    """Return the kind of an error and the first line of what it says, without addresses, which differ each time."""
    line = str(error).partition("\n")[0]
    return _ADDRESS.sub("0x…", f"{type(error).__name__}: {line}")[:_LONGEST]


@cache
def libraries() -> Any:
    """Return what limits the threads of the libraries of linear algebra; to find these takes milliseconds."""
    require("scipy.linalg", "predictors")
    return require("threadpoolctl", "predictors").ThreadpoolController()


def best_of(worths: Floats, count: int) -> list[int]:
    """Return the places of the highest, the first of equals first."""
    return [int(worths.argmax())] if count == 1 else np.argsort(-worths, kind="stable")[:count].tolist()


def learnable(values: Floats) -> Floats:
    """Return values among which those over a limit are not far from the others: below the worst, by how far over."""
    over = values <= OVER
    if not over.any():
        return values
    kept, excess = values[~over], np.minimum(values / OVER - 1.0, 1.0)
    if not len(kept):
        return -excess
    return np.where(over, kept.min() - (np.ptp(kept) or 1.0) * (0.1 + excess), values)
