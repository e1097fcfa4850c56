"""One-shot studies: methods × spaces × seeds, each search in a folder of its own, and what their finds are worth.

What a search finds is looked up in a table of its space, where one is given: its share of worse architectures is what
can be compared over spaces. Else it is really trained, if the study says how. Beside the methods stand random
architectures, drawn evenly, one for each seed; methods that choose by inherited weights, ``rsps`` (the best of some)
and ``spos`` (an evolution), are methods like all others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nasbed.core.checked import write_json
from nasbed.core.errors import BadSetting
from nasbed.core.files import slug
from nasbed.core.registry import spaces
from nasbed.core.rng import Streams
from nasbed.studies.oneshot import OneShotSettings, known_of

if TYPE_CHECKING:
    from nasbed.core.records import Archs
    from nasbed.nets.long_training import LongTraining
    from nasbed.tables.table import Table

RANDOM = "random"
"""What stands for a method in rows of random architectures."""

STUDY, TRAINED = "study.json", "trained"

Progress = Callable[[float, str], None]


@dataclass(frozen=True)
class Variant:
    """What searches of a study have in common.

    Attributes:
        name: In its results.
        space: What spells the space.
        settings: Of all its methods that differ, as ``OneShotSettings`` has them.
    """

    name: str
    space: str
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """What one search of a study came to, or a random architecture.

    Attributes:
        variant: Of the study.
        method: The method, or ``random``.
        seed: The seed.
        architecture: What was derived.
        skips: How many of its decisions pass on what they read; None of random ones.
        entropy: Of the architecture parameters at the end; None without them.
        normalisation: What normalisations read where architectures are judged by inherited weights.
        first: What descended first in a step; empty without architecture parameters.
        values: What the table has of it, or came of its training, by measurement.
        better: The share of the table's architectures that are worse, likewise.
    """

    variant: str
    method: str
    seed: int
    architecture: str
    skips: int | None = None
    entropy: float | None = None
    normalisation: str = ""
    first: str = ""
    values: Mapping[str, float] = field(default_factory=dict)
    better: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class OneShotStudy:
    """One-shot searches of several methods, with several seeds, on several spaces.

    Attributes:
        name: Of its folder.
        methods: Their names.
        variants: Spaces, with settings of theirs.
        seeds: How many, from 0.
        base: What all searches have in common.
        table: The table in which finds are looked up, or its name; empty for none.
        note: What one should know before citing any of it.
    """

    name: str
    methods: tuple[str, ...]
    variants: tuple[Variant, ...]
    seeds: int = 5
    base: OneShotSettings = field(default_factory=OneShotSettings)
    table: str = ""
    note: str = ""

    @classmethod
    def of(cls, content: Mapping[str, Any], name: str) -> OneShotStudy:
        """Make a study of the content of a file.

        Args:
            content: The table ``[oneshot]`` with ``methods``, ``spaces``, ``seeds``, ``data``, ``epochs``, ``table``
                and ``note``; and ``[settings]``, ``[skeleton]``, ``[recipe]`` and ``[train]`` of ``OneShotSettings``.
            name: Of the study, where the file does not say one.

        Raises:
            BadSetting: When there is no such setting.
        """
        about = dict(content["oneshot"]) if isinstance(content.get("oneshot"), Mapping) else {}
        rest = {key: value for key, value in content.items() if key not in ("oneshot", "name")}
        known = ("methods", "spaces", "seeds", "data", "epochs", "table", "note")
        for key in (*about, *rest):
            if key not in (*known, "settings", "skeleton", "recipe", "train"):
                raise BadSetting(f"a one-shot study has no {key!r}; [oneshot] has {', '.join(known)}")
        methods, places = about.get("methods", ()), about.get("spaces", ["nasbench201"])
        if not methods or not all(isinstance(one, str) for one in (*methods, *places)):
            raise BadSetting(
                'a one-shot study names methods and spaces: methods = ["darts", "gdas"], spaces = ["darts"]'
            )
        shared = {key: about[key] for key in ("data", "epochs") if key in about}
        base = OneShotSettings.checked({**shared, **rest})
        variants = tuple(Variant(one, one) for one in places)
        seeds = about.get("seeds", cls.seeds)
        if isinstance(seeds, bool) or not isinstance(seeds, int) or seeds < 1:
            raise BadSetting(f"seeds are how many, 1 or more, not {seeds!r}")
        told = str(about.get("table", "")), str(about.get("note", ""))
        return cls(str(content.get("name", name)), tuple(methods), variants, seeds, base, *told)

    @property
    def cells(self) -> Iterator[tuple[Variant, str, int]]:
        """The searches: variant, method and seed."""
        for variant in self.variants:
            for method in self.methods:
                for seed in range(self.seeds):
                    yield variant, method, seed

    def settings(self, variant: Variant, method: str, seed: int) -> OneShotSettings:
        """Return the settings of one search."""
        merged = {**self.base.settings, **variant.settings}
        return replace(self.base, method=method, space=variant.space, seed=seed, settings=merged)

    @cached_property
    def found_table(self) -> Table | None:
        """The table in which finds are looked up."""
        if not self.table:
            return None
        from nasbed.benchmarks.resolve import resolve

        table: Table | None = resolve(self.table).table
        if table is None:
            raise BadSetting(f"{self.table} is not a table, in which architectures could be looked up")
        return table

    def run(
        self,
        folder: Path,
        device: str = "cpu",
        threads: int = 1,
        stop: Callable[[], bool] = lambda: False,
        progress: Progress = lambda share, text: None,
    ) -> list[Outcome]:
        """Make the searches that are left, look up or train what they found, and write ``study.json``.

        Raises:
            BadSetting: When something is not allowed, before anything is searched.
            Interrupted: When it was stopped; the same call goes on.
        """
        cells, found = list(self.cells), list[Outcome]()
        for variant, method, seed in cells:
            self.settings(variant, method, seed).checked_all()
        for number, (variant, method, seed) in enumerate(cells):

            def watch(share: float, text: str, number: int = number) -> None:
                progress((number + share) / len(cells), text)

            found.append(self._played(folder, variant, method, seed, device, threads, stop, watch))
        for variant in self.variants:
            found += [self._random(folder, variant, seed, device, threads, stop) for seed in range(self.seeds)]
        folder.mkdir(parents=True, exist_ok=True)
        about = {"name": self.name, "note": self.note, "table": self.table, "seeds": self.seeds}
        write_json(folder / STUDY, {**about, "outcomes": [asdict(one) for one in found]}, indent=2)
        return found

    def _played(
        self,
        folder: Path,
        variant: Variant,
        method: str,
        seed: int,
        device: str,
        threads: int,
        stop: Callable[[], bool],
        watch: Progress,
    ) -> Outcome:
        from nasbed.oneshot.running import Running, nothing_known

        settings = self.settings(variant, method, seed)
        search, precision = settings.searched(device)
        space = search.net.space
        known = nothing_known if self.found_table is None else known_of(self.found_table, space)
        place = folder / slug(variant.name, "space") / f"{slug(method, 'method')}-{seed}"
        running = Running(search, place, known=known, precision=precision, ranked=0)
        words = f"{variant.name}, {method}, seed {seed}"

        def move(now: Any, losses: Mapping[str, float]) -> None:
            watch(search.made / (search.steps * search.epochs), f"{words}, {now.standing.removeprefix('at ')}")

        course = running.run(threads=threads, stop=stop, progress=move)
        last = course.moments[-1]
        values = dict(last.known) or self._trained(settings, np.array(last.row, np.int8), place, device, threads, stop)
        order = search.method.first if search.method.alphas is not None else ""
        return Outcome(
            variant.name, method, seed, last.architecture, last.skips, last.entropy, search.method.normalisation, order,
            values, dict(last.better),
        )  # fmt: skip

    def _random(
        self, folder: Path, variant: Variant, seed: int, device: str, threads: int, stop: Callable[[], bool]
    ) -> Outcome:
        """Return a random architecture, looked up or trained like what searches find."""
        space = spaces.read(variant.space)
        rows = space.canonical(space.sample(Streams.from_seed(seed, 1, purpose="baseline")))
        values, better = dict[str, float](), dict[str, float]()
        if self.found_table is not None:
            for name, (mine, shares) in known_of(self.found_table, space)(rows).items():
                values[name] = float(mine[0])
                better |= {} if np.isnan(shares[0]) else {name: float(shares[0])}
        else:
            place = folder / slug(variant.name, "space") / f"{RANDOM}-{seed}"
            settings = self.settings(variant, self.methods[0], seed)
            values = self._trained(settings, rows[0], place, device, threads, stop)
        return Outcome(variant.name, RANDOM, seed, space.format(rows[0]), values=values, better=better)

    def _trained(
        self, settings: OneShotSettings, row: Archs, place: Path, device: str, threads: int, stop: Callable[[], bool]
    ) -> dict[str, float]:
        """Train an architecture, if the study says how, and return its scores at the end."""
        if not settings.train or self.found_table is not None:
            return {}
        from nasbed.nets.augment import augment
        from nasbed.nets.data.source import load

        blueprint, recipe, epochs, every = settings.evaluated()
        place.mkdir(parents=True, exist_ok=True)
        what = blueprint, row, recipe, load(settings.data), epochs, settings.seed, place / "training"
        result: LongTraining = augment(*what, final=False, every=every, device=device, threads=threads, stop=stop)
        last = result.measurements[-1].scores
        return {
            f"{part} {result.measure.metric}": 100 * last[part].value
            if result.measure.words == "accuracy"
            else last[part].value
            for part in ("validation", "test")
        }


# ── studies by name ───────────────────────────────────────────────────────────────────────────────────────────────

_CELLS = "darts:cells=3,channels=8,operations="

NAMED = {
    "robustdarts-s1-s4": OneShotStudy(
        "robustdarts-s1-s4",
        ("darts", "darts-minus", "sdarts-rs"),
        (
            Variant("S1", f"{_CELLS}[s1]", {"none": False}),
            Variant("S2", f"{_CELLS}[skip_connect,sep_conv_3x3]", {"none": False}),
            Variant("S3", f"{_CELLS}[skip_connect,sep_conv_3x3]", {"none": True}),
            Variant("S4", f"{_CELLS}[noise,sep_conv_3x3]", {"none": False}),
        ),
        3,
        OneShotSettings(data="digits", epochs=20, train={"epochs": 10, "every": 10}),
        note="Reduced: published are networks of 8 cells and 16 channels on CIFAR-10, 50 epochs; here 3 cells, 8 "
        "channels, digits, 20 epochs.",
    )
}
"""By name. The spaces are of Zela et al., ICLR 2020, https://arxiv.org/abs/1909.09656: in S1 each edge has two
operations of its own, in S2 a skip or a separable convolution, S3 has nothing besides, S4 noise or that convolution."""
