"""Stored predictors: what one learned, in a file that another process predicts from, bit for bit.

The file is NumPy's ``.npz``: arrays, and a line of JSON that says what they are of. What a Gaussian process learned are
arrays; a regressor of scikit-learn's kind is written by skops, which reads no classes but those that are named here.
Nothing in the file executes, and what skops does not know as safe is not stored.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from nasbed.core.checked import Arrays, read_described, write_described
from nasbed.core.errors import BadSetting
from nasbed.core.registry import predictors, spaces
from nasbed.predictors.encoded import EncodedPredictor
from nasbed.predictors.targets import targets

_FORMAT = 1


def save(predictor: EncodedPredictor, path: str | Path) -> Path:
    """Write a predictor that has learned something, whole or not at all.

    Raises:
        BadSetting: When it has learned nothing, when its encoding was made and has no name, when it is not registered,
            or when its regressor is of a class that is not known to be safe.
        MissingExtra: When skops is needed and not installed.
    """
    about, arrays = packed(predictor)
    said = {"format": _FORMAT, "nasbed": version("nasbed"), **about}
    return write_described(Path(path), arrays, json.dumps(said).encode())


def load(path: str | Path) -> EncodedPredictor:
    """Return the predictor that was stored in a file.

    Raises:
        BadSetting: When there is no such file, or it is of a later version.
        CorruptFile: When it is none of ``save``, or damaged.
        MissingExtra: When what the predictor needs is not installed.
    """
    remedy = "store it again, or put a whole copy in its place"
    arrays, about = read_described(Path(path), "a predictor stored by nasbed", "a predictor", _FORMAT, remedy)
    return unpacked(about, arrays)


def packed(predictor: EncodedPredictor) -> tuple[dict[str, Any], Arrays]:
    """Return what a predictor that has learned something is, in JSON's values, and what it learned, as arrays.

    Raises:
        BadSetting: As ``save``.
        MissingExtra: Likewise.
    """
    if not hasattr(predictor, "targets_"):
        raise BadSetting("this predictor has learned nothing that could be stored; call fit(archs, values) first")
    about = {
        "predictor": _name_of(predictor),
        "settings": {name: value for name, value in predictor.get_params().items() if name != "space"},
        "space": {"name": predictor.space.kind, "settings": predictor.space.settings()},
        "numbers": len(predictor.features.names),
    }
    try:
        json.dumps(about)
    except TypeError:
        raise BadSetting(
            f"{type(predictor).__name__} has settings that are objects, such as an encoding with columns, and is not "
            "stored; give the encoding by its name, as columns:table=FILE.arrow has one"
        ) from None
    given: Arrays = {"archs": predictor.archs_, "values": predictor.values_}
    return about, {**given, **(predictor.learned() if predictor.targets_.values.any() else {})}


def unpacked(about: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> EncodedPredictor:
    """Return the predictor that ``packed`` gave.

    Raises:
        BadSetting: When its encoding has other numbers by now, as where a table got further scores.
        MissingExtra: When what it needs is not installed.
    """
    space = spaces.make(about["space"]["name"], about["space"]["settings"])
    made: EncodedPredictor = predictors.make(about["predictor"], {"space": space, **about["settings"]})
    had, has = about.get("numbers"), len(made.features.names)
    if had not in (None, has):  # files of before do not say
        raise BadSetting(
            f"this predictor learned from {had} numbers of an architecture; {made.features.encoding.name} "
            f"has {has} now, so let it learn again, and store it"
        )
    made.archs_, made.values_ = arrays["archs"], arrays["values"]
    made.targets_ = targets(made.values_, made.learns)
    if made.targets_.values.any():
        made.take_back(made.features(made.archs_), made.targets_.values, arrays)
    return made


def _name_of(predictor: EncodedPredictor) -> str:
    for name in predictors:
        if predictors.places()[name] == f"{type(predictor).__module__}:{type(predictor).__qualname__}":
            return name
    raise BadSetting(
        f"{type(predictor).__name__} is not registered, so that no file could say what it is; give it a name"
    )
