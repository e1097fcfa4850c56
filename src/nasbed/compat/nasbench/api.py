"""NAS-Bench-101 as published: ``NASBench``, ``ModelSpec`` and ``OutOfDomainError`` over a table of nasbed's.

A script moves over by its import alone. The same script with the same seed gets the same numbers: Python's global
``random`` is seeded and drawn from where it is published to be. ``docs/compat.md`` says what differs.

Reference: Ying et al., ICML 2019, https://github.com/google-research/nasbench, ``nasbench/api.py``
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, KeysView, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, TypeVar, cast

from numpy.typing import NDArray

from nasbed.compat.nasbench.lib.config import build_config
from nasbed.compat.nasbench.lib.evaluate import train_and_evaluate
from nasbed.compat.nasbench.lib.model_spec import ModelSpec
from nasbed.compat.nasbench.reader import MEASURED, Reader, RowFinder, Statistics
from nasbed.core.errors import BadSetting, CorruptFile, NasbedError, NotInTable
from nasbed.core.files import put
from nasbed.core.graph import INPUT, OUTPUT
from nasbed.core.printing import Card, Printed
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.tables.cache import table_for
from nasbed.tables.table import Table

_OPENED = frozenset(
    {"table", "space", "fixed_statistics", "computed_statistics", "_reader", "_find", "_asked", "_limits"}
)
"""What is made of the table: a pickle leaves it out."""

T = TypeVar("T")

_CHUNK = 4096

__all__ = ["ModelSpec", "NASBench", "OutOfDomainError"]

_FEW = 8
"""How many modules are looked up by their hash before the tables are set up that need none."""


class OutOfDomainError(NasbedError):
    """A specification, or a number of epochs, outside of the search space."""


class NASBench(Printed):
    """Answers as the published class of this name does.

    Args:
        dataset_file: A published ``.tfrecord``, which is imported the first time, the path of a table, or a table.
        seed: For Python's global ``random``; None for an arbitrary one.

    Attributes:
        config: The published settings; ``query`` heeds ``num_repeats`` and those of the search space, ``evaluate``
            those of training.
        valid_epochs: The epochs that can be asked for.
        training_time_spent: Seconds that queries have cost.
        total_epochs_spent: Epochs that queries have cost.
        fixed_statistics: From a hash to adjacency, operations and parameters, read when asked for.
        computed_statistics: From a hash to epochs to a list of repeats, read when asked for.

    Raises:
        BadSetting: When there is no such file, or its modules are not those of NAS-Bench-101.
        CorruptFile: When the file is damaged.
    """

    def __init__(self, dataset_file: str | PathLike[str] | Table, seed: int | None = None) -> None:
        random.seed(seed)
        table, given = table_for(dataset_file), cast(Any, dataset_file)
        self._given = Path(table.path if given is table else given).expanduser().absolute()
        self._open(table)
        self.config: dict[str, Any] = build_config(self.table)
        self.valid_epochs: set[int] = set(self.table.modules.trainings[0])
        self.history: dict[str, Any] = {}
        self.training_time_spent = 0.0
        self.total_epochs_spent = 0

    def _open(self, table: Table) -> None:
        """Set up what answers from a table."""
        space = table.space
        if not isinstance(space, NASBench101):
            raise BadSetting(f"{table.path.name} has modules of {space.name}; nasbench answers for nasbench101")
        self.table, self.space = table, space
        self._reader = Reader(table, space)
        self.fixed_statistics = ByHash(table, self._reader.fixed)
        self.computed_statistics = ByHash(table, self._reader.computed)
        self._find: Callable[[NDArray[Any], Sequence[str]], int] = self._find_few
        self._asked = 0
        self._limits = space.vertices, space.edges, list(space.operations)

    def __getstate__(self) -> dict[str, Any]:
        """Return what a pickle holds: where the table is, its checksum, and everything that does not come from it."""
        own = {name: value for name, value in vars(self).items() if name not in _OPENED}
        return {**own, "table": (self.table.path.absolute(), self.table.checksum)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Open the table again, or import the published file again where that is not there any more.

        Raises:
            BadSetting: When neither is there.
            CorruptFile: When there is another table now.
        """
        path, checksum = state.pop("table")
        vars(self).update(state)
        table = table_for(path if path.exists() else self._given)
        if table.checksum != checksum:
            raise CorruptFile(f"{table.path} has changed since this NASBench was pickled; open the file anew")
        self._open(table)

    def _card(self) -> Card:
        facts = {
            "modules": f"{len(self.table):,}, {self.table.path}",
            "epochs": ", ".join(map(str, sorted(self.valid_epochs))),
            "spent": f"{self.training_time_spent:,.0f} seconds, {self.total_epochs_spent:,} epochs",
        }
        return Card("NASBench: NAS-Bench-101 as published", facts=facts)

    # ── benchmarking ──────────────────────────────────────────────────────────────────────────────────────────

    def query(self, model_spec: ModelSpec, epochs: int = 108, stop_halfway: bool = False) -> Statistics:
        """Give what one of a module's trainings, drawn at random, came to, and count its cost.

        Args:
            model_spec: The module.
            epochs: How long it was trained; one of ``valid_epochs``.
            stop_halfway: Read everything halfway through that training, and pay half of it.

        Returns:
            module_adjacency, module_operations, trainable_parameters, training_time (seconds), train_accuracy,
            validation_accuracy and test_accuracy.

        Raises:
            OutOfDomainError: When the module or the epochs are outside of the search space.
            NotInTable: A ``KeyError``: when the table does not have them.
        """
        if epochs not in self.valid_epochs:
            raise OutOfDomainError(f"invalid number of epochs, got {epochs}, must be one of {self.valid_epochs}")
        row = self._found(model_spec)
        if row < 0:
            row = self._row_by_hash(model_spec)
        repeat = _drawn(self.config["num_repeats"])
        seconds, train, validation, test = self._reader.training(row, epochs, repeat, stop_halfway)
        answer = self._reader.fixed(row)
        answer["training_time"] = seconds
        answer["train_accuracy"] = train
        answer["validation_accuracy"] = validation
        answer["test_accuracy"] = test
        self.training_time_spent += seconds
        self.total_epochs_spent += epochs // 2 if stop_halfway else epochs
        return answer

    def is_valid(self, model_spec: ModelSpec) -> bool:
        """Say whether a module is in the search space."""
        try:
            if self._found(model_spec) < 0:
                self._check_spec(model_spec)
        except OutOfDomainError:
            return False
        return True

    def get_budget_counters(self) -> tuple[float, int]:
        """Give the seconds and the epochs that queries have cost."""
        return self.training_time_spent, self.total_epochs_spent

    def reset_budget_counters(self) -> None:
        """Count from nothing again."""
        self.training_time_spent = 0.0
        self.total_epochs_spent = 0

    def evaluate(self, model_spec: ModelSpec, model_dir: str | PathLike[str]) -> Statistics:
        """Train a module from scratch as ``config`` has it, asking no table; no limits of the search space apply.

        Python's ``random`` stays where it is.

        Args:
            model_spec: The module.
            model_dir: A folder, made when it is not there, for ``metadata.json``: all that was measured, as
                ``evaluate.train_and_evaluate`` describes it.

        Returns:
            What ``query`` gives.

        Raises:
            OutOfDomainError: When no path joins the module's input and output.
            AbortError: When training failed as often as ``config["max_attempts"]`` allows.
            BadSetting: When a setting is not allowed, or the data are not there.
        """
        if not model_spec.valid_spec:
            raise OutOfDomainError("invalid spec, provided graph is disconnected.")
        metadata = train_and_evaluate(model_spec, self.config, model_dir)
        text = json.dumps(metadata, default=lambda array: array.tolist())
        put(Path(model_dir) / "metadata.json", text.encode())
        final = metadata["evaluation_results"][-1]
        return {
            "module_adjacency": model_spec.matrix,
            "module_operations": model_spec.ops,
            "trainable_parameters": metadata["trainable_params"],
            **{name: final[name] for name in MEASURED},
        }

    # ── analysis ──────────────────────────────────────────────────────────────────────────────────────────────

    def hash_iterator(self) -> KeysView[str]:
        """Give the hashes of all modules, in the order of the file."""
        return self.fixed_statistics.keys()

    def get_metrics_from_hash(self, module_hash: str) -> tuple[Statistics, dict[int, list[Statistics]]]:
        """Give all that is known of a module, by its hash, in new objects; costs nothing.

        Returns:
            What does not depend on training, and what training gave: by epochs, a list of repeats, each with
            ``halfway_`` and ``final_`` values.

        Raises:
            NotInTable: A ``KeyError``: when the table does not have it.
        """
        return self._metrics(self.table.modules.row_of(module_hash))

    def get_metrics_from_spec(self, model_spec: ModelSpec) -> tuple[Statistics, dict[int, list[Statistics]]]:
        """Give all that is known of a module; see ``get_metrics_from_hash``.

        Raises:
            OutOfDomainError: When the module is outside of the search space.
            NotInTable: A ``KeyError``: when the table does not have it.
        """
        row = self._found(model_spec)
        return self._metrics(row if row >= 0 else self._row_by_hash(model_spec))

    def _metrics(self, row: int) -> tuple[Statistics, dict[int, list[Statistics]]]:
        return self._reader.fixed(row), self._reader.computed(row)

    # ── from a specification to a row ─────────────────────────────────────────────────────────────────────────

    def _row_by_hash(self, spec: ModelSpec) -> int:
        """Find a module's row by its hash, after the published checks."""
        self._check_spec(spec)
        if not _is_of_bits(spec.matrix):
            raise NotInTable(f"{self.table.path.name} has no module with other entries than the integers 0 and 1")
        return self.table.modules.row_of(self._hash_spec(spec))

    def _found(self, spec: ModelSpec) -> int:
        """Find the row of a module that passes the published checks, without hashing it; −1 says nothing either way."""
        config = self.config
        if (config["module_vertices"], config["max_edges"], config["available_ops"]) != self._limits:
            return -1
        matrix, ops = spec.matrix, spec.ops
        return self._find(matrix, ops) if matrix is not None and ops is not None and spec.valid_spec else -1

    def _find_few(self, _matrix: NDArray[Any], _ops: Sequence[str]) -> int:
        """Find nothing, so that the first few modules are hashed: twenty milliseconds of tables pay off later."""
        self._asked += 1
        if self._asked >= _FEW and self.table.modules.classes is not None and len(self.space.operations) > 1:
            self._find = RowFinder(self.table, self.space).find
        return -1

    def _check_spec(self, model_spec: ModelSpec) -> None:
        """Raise OutOfDomainError for a module outside of the search space; scripts call this published method."""
        matrix, ops, config = model_spec.matrix, model_spec.ops, self.config
        if not model_spec.valid_spec or matrix is None or ops is None:
            raise OutOfDomainError("invalid spec, provided graph is disconnected.")
        edges = matrix.sum()
        if len(ops) > config["module_vertices"]:
            raise OutOfDomainError(f"too many vertices, got {len(ops)} (max vertices = {config['module_vertices']})")
        if edges > config["max_edges"]:
            raise OutOfDomainError(f"too many edges, got {edges} (max edges = {config['max_edges']})")
        if ops[0] != INPUT:
            raise OutOfDomainError(f"first operation should be 'input', not {ops[0]!r}")
        if ops[-1] != OUTPUT:
            raise OutOfDomainError(f"last operation should be 'output', not {ops[-1]!r}")
        available = config["available_ops"]
        for op in ops[1:-1]:
            if op not in available:
                raise OutOfDomainError(f"unsupported op {op} (available ops = {available})")

    def _hash_spec(self, model_spec: ModelSpec) -> str:
        """Give a module's hash; scripts call this published method."""
        return model_spec.hash_spec(self.config["available_ops"])


def _drawn(repeats: int) -> int:
    """Draw what ``random.randint(0, repeats - 1)`` draws, and leave the same state, in a quarter of its time."""
    if type(repeats) is not int or repeats < 1:
        return random.randint(0, repeats - 1)
    bits = repeats.bit_length()
    drawn = random.getrandbits(bits)
    while drawn >= repeats:
        drawn = random.getrandbits(bits)
    return drawn


def _is_of_bits(matrix: NDArray[Any] | None) -> bool:
    """Say whether a matrix has the integers 0 and 1 alone: no table has another, whatever its hash."""
    return matrix is not None and matrix.dtype.kind in "biu" and bool(((matrix == 0) | (matrix == 1)).all())


class ByHash(Mapping[str, T]):
    """From a module's hash to what a row of the table says of it; in the order of the file, read when asked for.

    Args:
        table: The table.
        read: Gives what is asked for of a row.
    """

    def __init__(self, table: Table, read: Callable[[int], T]) -> None:
        self._table, self._read = table, read

    def __getitem__(self, module_hash: str) -> T:
        return self._read(self._table.modules.row_of(module_hash))

    def __iter__(self) -> Iterator[str]:
        hashes = self._table.modules.hashes
        for start in range(0, len(hashes), _CHUNK):
            text = hashes[start : start + _CHUNK].tobytes().hex()
            yield from (text[i : i + 32] for i in range(0, len(text), 32))

    def __len__(self) -> int:
        return len(self._table)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle as the dictionary that is published, with everything in it."""
        return dict, (dict(self),)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self)} modules)"
