"""A surrogate as a benchmark: whatever is asked is what predictors say that a training would give, and take.

Reference: Zela et al., "Surrogate NAS Benchmarks: Going Beyond the Limited Search Spaces of Tabular NAS Benchmarks",
ICLR 2022, https://arxiv.org/abs/2008.09777
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nasbed.benchmarks.fidelity import asked_of
from nasbed.core.benchmark import Benchmark
from nasbed.core.checked import Arrays, read_described, write_described
from nasbed.core.errors import BadSetting, CorruptFile, NasbedError
from nasbed.core.records import Archs, Evaluations
from nasbed.core.registry import predictors, spaces
from nasbed.core.space import Space
from nasbed.core.spelling import joined, named
from nasbed.predictors.encoded import EncodedPredictor
from nasbed.predictors.storing import packed, unpacked
from nasbed.predictors.trees import TreeEnsemble

if TYPE_CHECKING:
    from nasbed.core.rng import Streams

_FORMAT = 1
_LISTED = 2**15  # of a larger space the best prediction is not looked for
_PARTS = ("value", "seconds", "test")

Floats = NDArray[np.float64]


class Judge(Protocol):
    """What predicts: a predictor that has learned something, or trees that others trained."""

    @property
    def space(self) -> Space:
        """What it knows."""
        ...

    def predict(self, archs: ArrayLike) -> tuple[Floats, Floats]:
        """Return mean and standard deviation of each architecture, ``(n,)`` both."""
        ...


class SurrogateBenchmark(Benchmark):
    """Answers with what predictors say of the whole space, by default with the mean, with streams a draw around it.

    Answers are rounded to single precision, so that they do not depend on what else is asked at once.

    Args:
        value: Predicts what a search is told.
        seconds: Predicts what a training takes; None where that is not known, and counts as no time.
        test: Predicts what a report is told; None where that is not known.
        log_seconds: Whether ``seconds`` predicts the natural logarithm.
        noise: The standard deviation of one training; None for what ``value`` says of each architecture.
        epochs: How long the trainings were that it stands for.
        name: What to call it.
        measures: Its ``measure``, ``tested`` and ``split``, where they are not the usual ones.
        about: What it was learned from, in JSON's values.
    """

    def __init__(
        self,
        value: Judge,
        seconds: Judge | None = None,
        test: Judge | None = None,
        *,
        log_seconds: bool = False,
        noise: float | None = 0.0,
        epochs: int = 1,
        name: str = "surrogate",
        measures: Mapping[str, str] | None = None,
        about: Mapping[str, Any] | None = None,
    ) -> None:
        self._judges = {"value": value, "seconds": seconds, "test": test}
        self.space, self.name, self.budgets = value.space, name, (epochs,)
        for part, judge in self._judges.items():
            if judge is not None and judge.space != self.space:
                raise BadSetting(f"{part} is predicted in {judge.space!r}, values in {self.space!r}; give one space")
        if noise is not None and not 0 <= noise < np.inf:
            raise BadSetting(
                f"noise is a standard deviation, 0 or more, or None for each prediction's own, not {noise}"
            )
        self.noise, self.log_seconds = noise, log_seconds
        self._measures, self.about = dict(measures or {}), dict(about or {})
        self.measure, self.tested, self.split = (
            self._measures.get(one, getattr(type(self), one)) for one in ("measure", "tested", "split")
        )

    # ── making one ────────────────────────────────────────────────────────────────────────────────────────────

    @classmethod
    def of(
        cls,
        benchmark: Benchmark,
        archs: Archs | None = None,
        predictor: str = "default",
        runtime: str = "default",
        *,
        noise: float | None = None,
        name: str | None = None,
    ) -> SurrogateBenchmark:
        """Learn one from what another benchmark says of some architectures, at its largest budget.

        Args:
            benchmark: It; trainings that failed are left out.
            archs: The architectures, ``(n, decisions)``; all of them when not given.
            predictor: A registered predictor, with settings if need be, of values and test results.
            runtime: The same of the logarithm of the seconds.
            noise: The standard deviation of one training; when not given, that of the repeats of each architecture, or
                0 where there is one of each.
            name: What to call it.

        Raises:
            BadSetting: When no architecture has a value.
            UnknownName: When there is no such predictor.
            MissingExtra: When what it needs is not installed.
        """
        rows = benchmark.space.enumerate() if archs is None else benchmark.space.read(archs)
        answers, tests = benchmark.query(rows), benchmark.test(rows)
        outcomes, space = benchmark.outcomes(rows), benchmark.space.whole
        found = answers.value, np.where(answers.seconds > 0, np.log(np.maximum(answers.seconds, 1e-300)), np.nan), tests
        value, seconds, test = (
            _fitted(kind, space, rows, values)
            for kind, values in zip((predictor, runtime, predictor), found, strict=True)
        )
        if value is None:
            raise BadSetting(f"{benchmark.name} has no value of these {len(rows):,} architectures to learn from")
        measures = {one: getattr(benchmark, one) for one in ("measure", "tested", "split")}
        about = {"architectures": int(np.isfinite(answers.value).sum()), "of": benchmark.describe()}
        return cls(
            value,
            seconds,
            test,
            log_seconds=True,
            noise=_spread(outcomes) if noise is None else noise,
            epochs=benchmark.budgets[-1],
            name=name or f"surrogate of {benchmark.name}",
            measures=measures,
            about=about,
        )

    @classmethod
    def of_trees(
        cls,
        value: str | Path | Iterable[str | Path],
        seconds: str | Path | Iterable[str | Path] | None = None,
        space: str | Space = "darts",
        *,
        encoding: str = "configspace",
        scale: float = 0.01,
        noise: float | None = None,
        epochs: int = 100,
        name: str | None = None,
    ) -> SurrogateBenchmark:
        """Read one from boosted trees that others trained, in the form of NAS-Bench-301's surrogates.

        Args:
            value: The members of the ensemble that predicts validation accuracy, in the format of XGBoost (JSON or UBJ)
                or LightGBM (text): their files, or a folder that has them.
            seconds: Likewise, of the one that predicts seconds.
            space: The space.
            encoding: The encoding whose numbers they were trained on.
            scale: What values are multiplied by: 0.01 where they are percents.
            noise: As above; when not given, how much the members differ on an architecture.
            epochs: How long the trainings were that they stand for.
            name: What to call it; when not given as the file or the folder of ``value``.

        Raises:
            BadSetting: When there are no members, or these are of another form.
            CorruptFile: When one is damaged.
            MissingExtra: When the library that reads them is not installed.
        """
        where = spaces.read(space) if isinstance(space, str) else space
        values = TreeEnsemble.read(value, where, encoding, scale)
        times = None if seconds is None else TreeEnsemble.read(seconds, where, encoding, 1.0)
        called = name or (Path(value).stem if isinstance(value, str | Path) else "surrogate")
        about = {"of": "trees of others", "members": len(values.members), "library": values.library}
        return cls(values, times, noise=noise, epochs=epochs, name=called, about=about)

    def save(self, path: str | Path) -> Path:
        """Write it, whole or not at all; nothing in the file executes. ``surrogate:PATH`` is then a benchmark's name.

        Raises:
            BadSetting: When a predictor cannot be stored; see ``nasbed.predictors.save``.
        """
        arrays: Arrays = {}
        parts: dict[str, Any] = {}
        for part, judge in self._judges.items():
            if judge is None:
                continue
            said, learned = judge.packed() if isinstance(judge, TreeEnsemble) else packed(_storable(judge))
            parts[part] = said
            arrays |= {f"{part}.{name}": array for name, array in learned.items()}
        about = {
            "format": _FORMAT,
            "nasbed": version("nasbed"),
            "space": {"name": self.space.kind, "settings": self.space.settings()},
            "parts": parts,
            "settings": {
                "log_seconds": self.log_seconds,
                "noise": self.noise,
                "epochs": self.budgets[0],
                "name": self.name,
                "measures": self._measures,
                "about": self.about,
            },
        }
        return write_described(Path(path), arrays, json.dumps(about).encode())

    @classmethod
    def open(cls, path: str | Path, name: str | None = None) -> SurrogateBenchmark:
        """Return the surrogate that a file has.

        Raises:
            BadSetting: When there is no such file, or it is of a later version.
            CorruptFile: When it is something else, or damaged.
            MissingExtra: When what its predictors need is not installed.
        """
        remedy = "save it again, or put a whole copy in its place"
        arrays, about = read_described(Path(path), "a surrogate saved by nasbed", "a surrogate", _FORMAT, remedy)
        try:
            space = spaces.make(about["space"]["name"], about["space"]["settings"])
            judges: dict[str, Any] = {
                part: _judge(space, said, _of(part, arrays)) for part, said in about["parts"].items()
            }
            settings = {**about["settings"], **({"name": name} if name else {})}
            return cls(**judges, **settings)
        except NasbedError:
            raise
        except (KeyError, TypeError, ValueError) as error:
            raise CorruptFile(f"{path} is not a surrogate saved by nasbed: {type(error).__name__}: {error}") from None

    # ── answering ─────────────────────────────────────────────────────────────────────────────────────────────

    def query(
        self, archs: Archs, epochs: NDArray[np.int64] | int | None = None, streams: Streams | None = None
    ) -> Evaluations:
        """Predict each; with streams, draw around that, 2 words of each. See ``Benchmark.query``."""
        rows = self._checked(archs)
        asked_of(self, epochs, len(rows), streams)
        mean, deviation = self._predicted("value", rows)
        if streams is not None:
            mean = mean + (deviation if self.noise is None else self.noise) * streams.normal()[:, 0]
        seconds = self._predicted("seconds", rows)[0]
        seconds = np.exp(seconds) if self.log_seconds else np.maximum(seconds, 0.0)
        if self._judges["seconds"] is None:
            seconds = np.zeros(len(rows))
        return Evaluations(self._allowed(mean), seconds, np.full(len(rows), self.budgets[0]))

    def test(self, archs: Archs, epochs: int | None = None) -> Floats:
        """Predict the test result of each; NaN where that is not known."""
        rows = self._checked(archs)
        asked_of(self, epochs, len(rows))
        return self._allowed(self._predicted("test", rows)[0], self.tested)

    def optimum(self, epochs: int | None = None) -> tuple[float, float]:
        """Give the best predictions there are; NaN in a space of more than 32,768 architectures."""
        asked_of(self, epochs, 1)
        if not self.space.is_enumerable or (self.space.size or _LISTED + 1) > _LISTED:
            return float("nan"), float("nan")
        if not hasattr(self, "_optimum"):
            rows = self.space.enumerate()
            self._optimum = float(self.query(rows).value.max()), float(self.test(rows).max())
        return self._optimum

    def _checked(self, archs: Archs) -> Archs:
        rows = self.space.read(archs)
        self.space.check_valid(rows)
        return rows

    def _predicted(self, part: str, rows: Archs) -> tuple[Floats, Floats]:
        """Return mean and standard deviation of what one part predicts; NaN where there is no such part."""
        judge = self._judges[part]
        if judge is None or not len(rows):
            return np.full(len(rows), np.nan), np.full(len(rows), np.nan)
        mean, deviation = (np.asarray(one, np.float32).astype(np.float64) for one in judge.predict(rows))
        return mean, deviation

    def _allowed(self, values: Floats, measure: str | None = None) -> Floats:
        """Return what is predicted; of accuracies nothing beyond 0 and 1."""
        return np.clip(values, 0.0, 1.0) if (measure or self.measure) == "accuracy" else values

    def describe(self) -> dict[str, Any]:
        """Say what it was learned from, and that it trains nothing."""
        noise = "the deviation of each prediction" if self.noise is None else self.noise
        lacking = [part for part in _PARTS if self._judges[part] is None]
        warnings = ["values are predictions of a model, not trainings", *(f"no {part} is known" for part in lacking)]
        return {**super().describe(), **self.measures, "surrogate": self.about, "noise": noise, "warnings": warnings}


def _fitted(predictor: str, space: Space, rows: Archs, values: Floats) -> EncodedPredictor | None:
    """Return a predictor that has learned what is known; None where nothing is."""
    known = np.isfinite(values)
    if not known.any():
        return None
    name, settings = named(predictor)
    made: EncodedPredictor = predictors.make(name, joined({"space": space}, settings))
    return made.fit(rows[known], values[known])


def _spread(outcomes: Floats | None) -> float:
    """Return the standard deviation of the repeats of an architecture, 0 where there is one of each."""
    if outcomes is None:
        return 0.0
    # A repeat may stand several times there, so that all are equally likely: it is the different ones that count.
    repeats = 1 + (np.diff(np.sort(outcomes, axis=1), axis=1) > 0).sum(axis=1)
    some = outcomes[repeats > 1]
    if not len(some):
        return 0.0
    counts = repeats[repeats > 1]
    return float(np.sqrt(np.mean(np.nanvar(some, axis=1) * counts / (counts - 1))))


def _storable(judge: Judge) -> EncodedPredictor:
    if not isinstance(judge, EncodedPredictor):
        raise BadSetting(f"{type(judge).__name__} is no predictor of nasbed's, so that no file could hold it")
    return judge


def _of(part: str, arrays: Arrays) -> Arrays:
    start = f"{part}."
    return {name.removeprefix(start): array for name, array in arrays.items() if name.startswith(start)}


def _judge(space: Space, said: Mapping[str, Any], arrays: Arrays) -> Judge:
    return TreeEnsemble.unpacked(space, said, arrays) if "trees" in said else unpacked(said, arrays)
