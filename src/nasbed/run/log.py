"""Log: a line an evaluation, as JSON in a file and through Python's logging, each where it is asked for.

A file is only ever added to, line by line, so that every line of it can be read whenever a search was stopped. A search
that begins again, or goes on from a store, finds the lines that it wrote and adds those that are missing.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from nasbed.core.errors import BadSetting
from nasbed.core.files import check_place
from nasbed.run.campaign import moment
from nasbed.run.watching import Progress, Status

LOGGER = logging.getLogger("nasbed.search")
"""Has a record an evaluation at the level INFO, and says nothing unless a program asks for that level."""

_BEGINNING = b'{"time": "'  # of every line
_ENCODE = json.JSONEncoder(allow_nan=False).encode


def lines(status: Status) -> Iterator[dict[str, Any]]:
    """Give what a search did since it last told, an evaluation at a time, JSON-able; None for what is not known.

    ``time`` is when that was told, in UTC; ``search`` which of several it is, where they are compared; ``run`` and
    ``step`` are counted from 0; ``validation`` is what was heard and ``best`` the same of the run's incumbent; ``paid``
    says whether the run paid ``epochs`` and ``seconds`` for it; ``clock`` is where the run's clock stood, in seconds.
    ``fidelity`` is there where evaluations differ in how long they train, ``costs.NAME`` for each objective, and
    ``refused`` where a limit refused the proposal.
    """
    if status.steps is None:
        return
    history, marks = status.steps.history, {"search": status.search} if status.search else {}
    step, run = np.nonzero(history.tried)
    archs, place = np.unique(history.archs[step, run], axis=0, return_inverse=True)
    texts = [history.space.format(arch) for arch in archs]
    paid = history.paid[step, run]
    columns: dict[str, list[Any]] = {
        "run": (run + int(history.info["first_run"])).tolist(),
        "step": (step + status.steps.first).tolist(),
        "architecture": [texts[i] for i in place.ravel()],
        "validation": history.value[step, run].tolist(),
        "best": status.steps.best[step, run].tolist(),
        "paid": paid.tolist(),
        "epochs": np.where(paid, history.epochs[step, run], 0).tolist(),
        "seconds": np.where(paid, history.seconds[step, run], 0.0).tolist(),
        "clock": status.steps.clock[step, run].tolist(),
    }
    if history.fidelity is not None:
        columns["fidelity"] = history.fidelity[step, run].tolist()
    if history.costs is not None:
        named = zip(history.objectives, np.moveaxis(history.costs[step, run], 1, 0).tolist(), strict=True)
        columns |= {f"costs.{name}": values for name, values in named}
    if history.refused is not None:
        columns["refused"] = history.refused[step, run].tolist()
    now = moment()
    for values in zip(*columns.values(), strict=True):
        said = {name: None if value != value else value for name, value in zip(columns, values, strict=True)}
        if not said.get("refused", True):
            del said["refused"]
        yield {"time": now, **marks, **said}


class FileLog:
    """Follows a search and adds a line of JSON an evaluation to a file.

    Args:
        path: Of the file; it is made if need be. What it has is held against the search, and not written again.

    Raises:
        BadSetting: When nothing can be written there, or it is the file of something else.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path).expanduser()
        check_place(self.path)
        there = self.path.read_bytes() if self.path.exists() else b""
        self._whole = there.rfind(b"\n") + 1  # bytes: the last line may have been cut off
        self._cut = len(there) > self._whole
        self._known: dict[tuple[str, int, int], tuple[str, float | None]] = {}
        try:
            if self._cut and not there[self._whole :].startswith(_BEGINNING[: len(there) - self._whole]):
                raise ValueError
            for line in there[: self._whole].splitlines():
                found = json.loads(line)
                self._known[_name(found)] = found["architecture"], found["validation"]
        except (ValueError, KeyError, TypeError):
            raise BadSetting(f"{self.path} is no log of a search; name another file") from None

    def __call__(self, status: Status) -> None:
        """Add the lines that are not there.

        Raises:
            BadSetting: When one is there that says something else.
        """
        with self.path.open("ab", buffering=0) as file:  # unbuffered: a line is written as one
            if self._cut:
                file.truncate(self._whole)
                self._cut = False
            for line in lines(status):
                earlier = self._known.get(_name(line))
                if earlier is None:
                    file.write(_ENCODE(line).encode() + b"\n")
                elif earlier != (line["architecture"], line["validation"]):
                    raise BadSetting(
                        f"{self.path} is the log of another search: in step {line['step']} of run {line['run']} that "
                        f"heard {earlier[1]} of {earlier[0]}, this one {line['validation']} of {line['architecture']}; "
                        "name another file"
                    )


def _name(line: dict[str, Any]) -> tuple[str, int, int]:
    """Return what tells an evaluation from all others of a file."""
    return line.get("search", ""), line["run"], line["step"]


def logging_followers() -> tuple[Progress, ...]:
    """Return what passes a search on to Python's logging, if a program listens there."""
    return (_record,) if LOGGER.isEnabledFor(logging.INFO) else ()


def _record(status: Status) -> None:
    """Log a sentence an evaluation."""
    measure = "accuracy" if status.steps is None else status.steps.history.measure
    split = "validation" if status.steps is None else status.steps.history.split

    def shown(value: float | None) -> str:
        return "none" if value is None else f"{100 * value:.2f} %" if measure == "accuracy" else f"{value:.6g}"

    for line in lines(status):
        where = f"{line['search']}, " if "search" in line else ""
        what = "refused" if line.get("refused") else f"{split} {shown(line['validation'])}"
        took = "an unknown time" if line["seconds"] is None else f"{line['seconds']:.6g} s"
        cost = f"{line['epochs']} epochs, {took}" if line["paid"] else "free"
        best, told = shown(line["best"]), (line["run"], line["step"], line["architecture"])
        LOGGER.info("%srun %d, step %d: %s, %s, best %s, %s", where, *told, what, best, cost)
