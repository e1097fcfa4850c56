"""The laws of stores. A subject is a class: one that takes a path keeps a file, the others forget."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from nasbed.core.errors import BadSetting
from nasbed.core.store import Store
from nasbed.testing.law import DoesNotApply, Laws, must_be_importable, refuses

store_laws: Laws[type[Store]] = Laws("store")
law, check_store = store_laws.law, store_laws.check

_RECORDS = [
    (f"unit {i}", {"value": i / 7, "list": [i, None, True], "text": "é\n", "deep": {"a": []}}) for i in range(9)
]


def _keeps_files(kind: type[Store]) -> bool:
    return "path" in inspect.signature(kind).parameters


@contextmanager
def _file(kind: type[Store]) -> Iterator[Path]:
    """Give a place for a store that can be opened again."""
    if not _keeps_files(kind):
        raise DoesNotApply(f"{kind.__name__} keeps no file")
    with TemporaryDirectory() as folder:
        yield Path(folder) / "store"


@contextmanager
def _fresh(kind: type[Store]) -> Iterator[Store]:
    with TemporaryDirectory() as folder, _made(kind, Path(folder) / "store") as store:
        yield store


def _made(kind: type[Store], path: Path) -> Store:
    return kind(path) if _keeps_files(kind) else kind()  # type: ignore[call-arg]


@law
def records_come_back_in_order(kind: type[Store], seed: int) -> None:
    """What is appended comes back, whole and in order, and is counted and found."""
    with _fresh(kind) as store:
        assert (len(store), list(store), store.notes()) == (0, [], {})
        for i, (unit, record) in enumerate(_RECORDS):
            assert unit not in store
            assert store.append(unit, record) is True
            assert unit in store
            assert len(store) == i + 1
        assert list(store) == _RECORDS
        assert 3 not in store


@law
def the_first_result_stands(kind: type[Store], seed: int) -> None:
    """A unit is recorded once: a second append gives False and changes nothing."""
    with _fresh(kind) as store:
        store.append("a", {"value": 1})
        assert store.append("a", {"value": 2}) is False
        assert list(store) == [("a", {"value": 1})]


@law
def records_are_not_the_callers_objects(kind: type[Store], seed: int) -> None:
    """Changing what was given, or what came back, changes nothing that is kept."""
    with _fresh(kind) as store:
        given = {"list": [1]}
        store.append("a", given)
        given["list"].append(2)
        next(iter(store))[1]["list"].append(3)
        assert list(store) == [("a", {"list": [1]})]


@law
def notes_replace_each_other(kind: type[Store], seed: int) -> None:
    """A note is kept beside the records, and a later one of the same name takes its place."""
    with _fresh(kind) as store:
        store.note("plan", {"n": 1})
        store.note("plan", {"n": 2})
        store.note("other", [1.5, "x"])
        assert store.notes() == {"plan": {"n": 2}, "other": [1.5, "x"]}
        assert len(store) == 0


@law
def what_json_cannot_say_is_refused(kind: type[Store], seed: int) -> None:
    """A value that JSON has no form for raises BadSetting and leaves no trace."""
    with _fresh(kind) as store:
        for value in (float("nan"), float("inf"), object(), {1, 2}):
            for keep in (store.append, store.note):
                refuses(BadSetting, keep, "a", {"value": value})
        assert (len(store), store.notes()) == (0, {})


@law
def a_store_is_opened_again(kind: type[Store], seed: int) -> None:
    """Closed and opened, a store has its records and notes, knows its units and goes on."""
    with _file(kind) as path:
        with _made(kind, path) as store:
            for unit, record in _RECORDS[:5]:
                store.append(unit, record)
            store.note("plan", 7)
        with _made(kind, path) as store:
            assert list(store) == _RECORDS[:5]
            assert store.notes() == {"plan": 7}
            assert store.append(*_RECORDS[0]) is False
            for unit, record in _RECORDS[5:]:
                assert store.append(unit, record)
        with _made(kind, path) as store:
            assert list(store) == _RECORDS


_APPEND = """
import importlib, itertools, json, sys
sys.path[:] = json.loads(sys.argv[1])
store = getattr(importlib.import_module(sys.argv[2]), sys.argv[3])(sys.argv[4])
for i in itertools.count(int(sys.argv[5])):
    store.append(f"unit {i}", {"value": i, "padding": "x" * 5000})
    print(i, flush=True)
"""


@law
def records_outlive_a_killed_process(kind: type[Store], seed: int) -> None:
    """After ``kill -9`` every record whose ``append`` returned is there, whole; and at most one more."""
    must_be_importable(kind)
    with _file(kind) as path:
        done = 0
        for acknowledged in (1, 4, 17):
            arguments = [json.dumps(sys.path), kind.__module__, kind.__qualname__, str(path), str(done)]
            command = [sys.executable, "-c", _APPEND, *arguments]
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
                assert process.stdout is not None
                for _ in range(acknowledged):
                    process.stdout.readline()
                process.kill()
                told = done + acknowledged + len(process.stdout.readlines())
            with _made(kind, path) as store:
                values = [record["value"] for _, record in store]
                assert all(record["padding"] == "x" * 5000 for _, record in store)
            done = len(values)
            assert values == list(range(done)), "records are lost, torn or out of order"
            assert told <= done <= told + 1, f"append returned {told} times, but {done} records are there"
