"""Boosted trees that others trained and wrote in the format of XGBoost or LightGBM itself, which executes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nasbed.core.errors import BadSetting, CorruptFile
from nasbed.core.extras import require
from nasbed.core.printing import Shown
from nasbed.core.space import Space
from nasbed.encodings.joining import encoding
from nasbed.predictors.kernel import Floats

Library = Literal["xgboost", "lightgbm"]

_SUFFIXES = (".json", ".ubj", ".txt", ".model")
_PICKLE = b"\x80"


@dataclass(frozen=True, eq=False)
class TreeEnsemble(Shown):
    """Members that each predict; their mean counts, and how they differ is the deviation.

    Attributes:
        space: The space.
        encoding: The name of the encoding whose numbers they were trained on, as they are.
        library: What each member is read by.
        members: Their files.
        scale: What a prediction is multiplied by, such as 0.01 where percents are to be shares.
    """

    space: Space
    encoding: str
    library: Library
    members: tuple[bytes, ...]
    scale: float = 1.0

    @classmethod
    def read(cls, where: str | Path | Iterable[str | Path], space: Space, encoding: str, scale: float) -> TreeEnsemble:
        """Read members from files, or from all ``.json``, ``.ubj``, ``.txt`` and ``.model`` files below a folder.

        Raises:
            BadSetting: When there are none, or one is a pickle, is of another library than the first, or was trained on
                another number of numbers.
            CorruptFile: When one cannot be read.
            MissingExtra: When their library is not installed.
        """
        paths = [Path(where)] if isinstance(where, str | Path) else [Path(one) for one in where]
        paths = [one for path in paths for one in _files(path)]
        if not paths:
            raise BadSetting(f"there are no models in {where}; give the files, or a folder that has them")
        members = tuple(path.read_bytes() for path in paths)
        libraries = [_library_of(path, data) for path, data in zip(paths, members, strict=True)]
        if len(set(libraries)) > 1:
            raise BadSetting("the members of an ensemble are all of XGBoost or all of LightGBM, not of both")
        made = cls(space, encoding, libraries[0], members, scale)
        made._check([str(path) for path in paths])
        return made

    def predict(self, archs: ArrayLike) -> tuple[Floats, Floats]:
        """Return mean and standard deviation over the members, ``(n,)`` both."""
        numbers = self._encoding(self.space.checked(archs))
        each = self.scale * np.array([predict(numbers) for predict in self._predictors], np.float64)
        return each.mean(axis=0), each.std(axis=0)

    @cached_property
    def _encoding(self) -> Any:
        return encoding(self.encoding, self.space)

    @cached_property
    def _predictors(self) -> list[Any]:
        return [_read(self.library, data, f"member {i}")[0] for i, data in enumerate(self.members)]

    def _check(self, names: list[str]) -> None:
        """See that all members can be read, and take as many numbers as the encoding has."""
        for name, data in zip(names, self.members, strict=True):
            takes = _read(self.library, data, name)[1]
            if takes != len(self._encoding):
                raise BadSetting(f"{name} was trained on {takes} numbers; {self.encoding} has {len(self._encoding)}")

    def packed(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Return what a file says of it, and its members as arrays."""
        about = {"trees": self.library, "encoding": self.encoding, "scale": self.scale, "members": len(self.members)}
        return about, {f"member{i}": np.frombuffer(data, np.uint8) for i, data in enumerate(self.members)}

    @classmethod
    def unpacked(cls, space: Space, about: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> TreeEnsemble:
        """Return what was packed."""
        members = tuple(arrays[f"member{i}"].tobytes() for i in range(about["members"]))
        return cls(space, about["encoding"], about["trees"], members, about["scale"])


def _files(path: Path) -> list[Path]:
    """Return a file, or the models below a folder; other files of experiments have names that end in config.json."""
    if not path.is_dir():
        if not path.is_file():
            raise BadSetting(f"there is no file {path}")
        return [path]
    found = sorted(one for one in path.rglob("*") if one.suffix in _SUFFIXES and one.is_file())
    return [one for one in found if not one.name.endswith(("config.json", "paths.json", "log.txt"))]


def _library_of(path: Path, data: bytes) -> Library:
    """Say which library wrote a file."""
    if data.startswith(_PICKLE):
        raise BadSetting(
            f"{path} is a pickle, which may execute anything when it is read, and is not read here. Where it was made, "
            "run: pickle.load(open(path, 'rb')).save_model('member.json'), or 'member.txt' of LightGBM, and give that"
        )
    if data.startswith(b"tree"):
        return "lightgbm"
    if data.lstrip()[:1] == b"{":
        return "xgboost"
    raise BadSetting(f"{path} is neither a model of XGBoost, in JSON or UBJ, nor a text of LightGBM's")


def _read(library: Library, data: bytes, name: str) -> tuple[Any, int]:
    """Return what predicts from numbers, and from how many."""
    module = require(library, library)
    try:
        if library == "lightgbm":
            booster = module.Booster(model_str=data.decode())
            return partial(booster.predict, num_threads=1), booster.num_feature()
        booster = module.Booster(params={"nthread": 1})
        booster.load_model(bytearray(data))
    except Exception as error:  # of the library's own kinds, and of what reads JSON
        said = str(error).partition("\n")[0]
        raise CorruptFile(f"{name} is not a whole model of {library}: {type(error).__name__}: {said[:200]}") from None
    return lambda numbers: booster.inplace_predict(numbers, validate_features=False), booster.num_features()
