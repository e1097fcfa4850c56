"""Scores: what proxies said of architectures, as a value and as a file.

A store (``.sqlite``) has what was measured so far. An Arrow file or a CSV has a row an architecture, in the order in
which they were asked for: the text, the space's number or key, a column a proxy, parameters, FLOPs, and the seconds
that scoring took. The Arrow file's metadata say how the scores came about; a CSV has no room for that.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from nasbed.core.checked import BLANK, read_checked, write_checked
from nasbed.core.errors import BadSetting, CorruptFile, InvalidArchitecture, NotNamed, UnknownName
from nasbed.core.files import replacing
from nasbed.core.printing import Printed
from nasbed.core.records import Archs
from nasbed.core.registry import spaces
from nasbed.core.space import Space
from nasbed.core.store import Record, Store
from nasbed.readers.csv import numbers, read_csv
from nasbed.run.stores.sqlite import SQLiteStore
from nasbed.scores.asked import Asked

BESIDE = ("params", "flops")
"""Shown beside every proxy, most of which they beat: by formula, for each architecture as it is written."""

_ABOUT, _ABOUT_2 = b"nasbed.scores", b"nasbed.scores.2"
"""What an Arrow file says of the scores; the first without a checksum, by version 0.1."""

FORMS = (".sqlite", ".arrow", ".csv")
AGAIN = " again "
"""Stands in the name of a unit that was given up and is tried again, before how often."""
_OTHERS = ("architecture", "index", "key", "seconds")  # columns that are no scores


@dataclass(frozen=True, eq=False)
class Scores(Printed):
    """Architectures of a space with the scores of their untrained networks.

    Attributes:
        space: Whose architectures.
        archs: ``(n, decisions)``.
        columns: The scores of each proxy, ``(n,)``, higher is better; NaN where it has none.
        seconds: What scoring an architecture took, all proxies together, ``(n,)``.
        about: How the scores came about, JSON-able: ``plan``, ``warnings``, ``failures`` and more; empty for a CSV.
        name: What they are called: the file's name.
    """

    space: Space
    archs: Archs
    columns: dict[str, NDArray[np.float64]]
    seconds: NDArray[np.float64]
    about: dict[str, Any] = field(default_factory=dict)
    name: str = "scores"

    def __len__(self) -> int:
        return len(self.archs)

    def __getitem__(self, proxy: str) -> NDArray[np.float64]:
        """Give the scores of one proxy, ``(n,)``.

        Raises:
            UnknownName: When it was not scored.
        """
        if proxy not in self.columns:
            raise UnknownName(f"proxy in {self.name}", proxy, self.columns)
        return self.columns[proxy]

    @property
    def units(self) -> list[str]:
        """What was scored for each architecture; equal ones may have one network."""
        return units_of(self.space, self.archs, self.about.get("plan", {}).get("once", False))

    @property
    def texts(self) -> list[str]:
        """The architectures as text."""
        return [self.space.format(arch) for arch in self.archs]

    # ── reading ───────────────────────────────────────────────────────────────────────────────────────────────

    @classmethod
    def read(cls, path: str | Path, space: Space | None = None) -> Self:
        """Read a store, also one that is being filled, an Arrow file or a CSV.

        Args:
            path: The file.
            space: The space of a CSV's architectures; None to find the registered one that reads them.

        Raises:
            BadSetting: When there is no such file, or nothing has been scored in it.
            CorruptFile: When it is something else.
        """
        path = Path(path).expanduser()
        if not path.is_file():
            raise BadSetting(f"there is no file {path}; 'nasbed score' makes one")
        if path.suffix == ".csv":
            return cls._of_csv(path, space)
        if path.suffix == ".arrow":
            return cls._of_arrow(path)
        with SQLiteStore(path, read_only=True) as store:
            return cls.of_store(store, path.name)

    @classmethod
    def of_store(cls, store: Store, name: str = "scores", space: Space | None = None) -> Self:
        """Take what a store has of the architectures that were asked for.

        Raises:
            BadSetting: When it is no store of scores, or has none yet.
        """
        notes = store.notes()
        if not {"asked", "plan"} <= set(notes):
            raise BadSetting(f"{name} is not a store of scores; 'nasbed score' makes one")
        plan = notes["plan"]
        space = space_of(plan["space"]) if space is None else space
        archs = asked_archs(space, notes["asked"])
        records = last_records(store)
        units = units_of(space, archs, plan["once"])
        there = [i for i, unit in enumerate(units) if unit in records]
        if not there:
            raise BadSetting(f"nothing is scored in {name} yet")
        archs, found = archs[there], [records[units[i]] for i in there]
        values = [record["value"] or {"scores": {}, "seconds": math.nan} for record in found]
        columns = {
            proxy: np.array([from_json(value["scores"].get(proxy)) for value in values], np.float64)
            for proxy in plan["proxies"]
        }
        columns |= _beside(space, archs, plan["network"])
        failures = {units[i]: records[units[i]]["error"] for i in there if records[units[i]]["error"] is not None}
        about = {**{key: notes.get(key, []) for key in ("plan", "warnings", "sessions")}, "failures": failures}
        return cls(space, archs, columns, np.array([value["seconds"] for value in values], np.float64), about, name)

    @classmethod
    def _of_arrow(cls, path: Path) -> Self:
        import pyarrow as pa

        data, whole = read_checked(path, "put a whole copy in its place, or write it again with 'nasbed score'")
        try:
            table = pa.ipc.open_file(data).read_all()
            about = json.loads(table.schema.metadata[_ABOUT_2 if whole else _ABOUT])
            space = space_of(about["plan"]["space"])
            archs = table["arch"].combine_chunks().flatten().to_numpy().reshape(-1, space.decisions)
            columns = {name: table[name].to_numpy() for name in about["proxies"]}
            return cls(space, archs, columns, table["seconds"].to_numpy(), about, path.name)
        except (pa.ArrowException, OSError, KeyError, TypeError, ValueError) as error:
            raise CorruptFile(f"{path} has no scores written by 'nasbed score', or is damaged: {error}") from None

    @classmethod
    def _of_csv(cls, path: Path, space: Space | None) -> Self:
        header, rows = read_csv(path)
        if "architecture" not in header or len(header) < 2:
            raise BadSetting(f"{path} has no scores: a column 'architecture', then one a proxy; it has {header}")
        texts = [row[header.index("architecture")] for row in rows]
        where = space_that_reads(texts, path) if space is None else space
        archs = np.stack([where.parse(text) for text in texts])
        values = {
            name: numbers([row[i] for row in rows], name, path)
            for i, name in enumerate(header)
            if name not in _OTHERS[:3]
        }
        seconds = values.pop("seconds", np.full(len(rows), np.nan))
        return cls(where, archs, values, seconds, {}, path.name)

    # ── writing ───────────────────────────────────────────────────────────────────────────────────────────────

    def write(self, path: str | Path) -> Path:
        """Write an Arrow file or a CSV, by the name's ending, whole or not at all.

        Raises:
            BadSetting: For another ending, or where no file can be written.
        """
        path = Path(path).expanduser()
        if path.suffix == ".arrow":
            return write_checked(path, self._as_arrow())
        if path.suffix != ".csv":
            raise BadSetting(f"scores are written to a file that ends in .arrow or .csv, not to {path.name}")
        with replacing(path) as beside:
            self._to_csv(beside)
        return path

    def _named(self) -> tuple[str, NDArray[Any]]:
        """Give what numbers the architectures: the space's index where it has one, else the key."""
        if not self.space.is_enumerable:
            return "key", self.space.key(self.archs)
        return "index", self.space.index(self.archs)

    def _as_arrow(self) -> bytes:
        import pyarrow as pa

        name, numbers = self._named()
        flat = pa.array(np.ascontiguousarray(self.archs).ravel(), pa.int8())
        columns: dict[str, Any] = {
            "architecture": pa.array(self.texts),
            name: pa.array(numbers),
            "arch": pa.FixedSizeListArray.from_arrays(flat, self.archs.shape[1]),
            **{proxy: pa.array(values) for proxy, values in self.columns.items()},
            "seconds": pa.array(self.seconds),
        }
        about = {
            "plan": {"space": {"name": self.space.kind, **self.space.settings()}},
            **self.about,
            "proxies": list(self.columns),
        }
        table = pa.table(columns).replace_schema_metadata({_ABOUT_2: json.dumps(about), b"seal": BLANK})
        sink = pa.BufferOutputStream()
        with pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table)
        content: bytes = sink.getvalue().to_pybytes()
        return content

    def _to_csv(self, path: Path) -> None:
        name, numbers = self._named()
        columns = [self.texts, numbers.tolist(), *(values.tolist() for values in self.columns.values())]
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["architecture", name, *self.columns, "seconds"])
            writer.writerows(map(_cells, zip(*columns, self.seconds.tolist(), strict=True)))


def _beside(space: Space, archs: Archs, network: Mapping[str, Any]) -> dict[str, NDArray[np.float64]]:
    """Count parameters and operations; NaN where the networks are made by code that nobody named."""
    from nasbed.nets import costs  # which needs no PyTorch

    try:
        counted = (count(space, archs, **network) for count in (costs.params, costs.flops))
        return {name: np.asarray(found, np.float64) for name, found in zip(BESIDE, counted, strict=True)}
    except NotNamed:
        return {name: np.full(len(archs), math.nan) for name in BESIDE}


def _cells(row: tuple[Any, ...]) -> Iterator[Any]:
    """Write one row: whole numbers without a point, what is not there as nothing."""
    for value in row:
        if not isinstance(value, float):
            yield value
        elif math.isnan(value):
            yield ""
        else:
            yield int(value) if value.is_integer() and abs(value) < 2**53 else value


def space_of(described: Mapping[str, Any]) -> Space:
    """Make a space from its name and settings, as a plan has them."""
    settings = {name: tuple(v) if isinstance(v, list) else v for name, v in described.items() if name != "name"}
    made: Space = spaces.make(described["name"], settings)
    return made


def asked_archs(space: Space, asked: list[dict[str, Any]]) -> Archs:
    """Give the architectures of several commands together, ``(n, decisions)``, each once, in the order of asking."""
    rows = np.concatenate([Asked.of(values).archs(space) for values in asked])
    _, first = np.unique(rows, axis=0, return_index=True)
    return rows[np.sort(first)]


def last_records(store: Store) -> dict[str, Record]:
    """Give the record of each unit; of one that was given up and tried again, the last."""
    return {name.partition(AGAIN)[0]: record for name, record in store}


def units_of(space: Space, archs: Archs, once: bool) -> list[str]:
    """Name the unit of work that scores each architecture: by its key, or by the row itself."""
    if once:
        return [f"{key:016x}" for key in space.key(archs).tolist()]
    return [arch.astype(np.int8).tobytes().hex() for arch in archs]


def from_json(value: float | str | None) -> float:
    """Read a score of a record, where ``inf`` and ``-inf`` are text; None is NaN."""
    return math.nan if value is None else float(value)


def to_json(value: float) -> float | str | None:
    """Write a score so that every reader of JSON reads it; see ``from_json``."""
    if math.isnan(value):
        return None
    return value if math.isfinite(value) else str(value)


def space_that_reads(texts: list[str], path: Path) -> Space:
    """Find the registered space, with its usual settings, that reads the architectures of a file.

    Raises:
        BadSetting: When none does.
    """
    for name in spaces:
        space: Space = spaces.make(name, {})
        try:
            space.parse(texts[0])
        except InvalidArchitecture:
            continue
        return space
    raise BadSetting(f"the architectures of {path}, such as {texts[0]!r}, are of no registered space; name the space")
