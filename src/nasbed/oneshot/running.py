"""Running: a one-shot search kept in a folder, from which it goes on after any end, bit for bit on the CPU.

The folder holds the state (``state.safetensors``), a line of JSON a step (``log.jsonl``), what each epoch came to
(``course.json``), the derived architecture (``found.json``), the supernet's weights at the end
(``supernet.safetensors``) and numbers for TensorBoard. The state is written after all others, and says how long the log
was: what interrupts a search, at whatever moment, leaves a folder that the same call goes on with.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from nasbed.core.checked import write_json
from nasbed.core.differences import differences
from nasbed.core.errors import BadSetting, CorruptFile, Interrupted, NasbedError
from nasbed.core.files import remove_left
from nasbed.core.locks import CLAIM, locked
from nasbed.core.printing import Card, Printed
from nasbed.core.records import Archs
from nasbed.core.rng import Streams
from nasbed.core.seeds import derived_seed
from nasbed.nets.clock import finish
from nasbed.nets.passes import using_threads
from nasbed.nets.supernet import Supernet
from nasbed.nets.tensorfile import read_tensors, with_tensors, without_tensors, write_tensors
from nasbed.nets.training_folder import claim
from nasbed.oneshot.course import COURSE, Course, Moment, Ranked
from nasbed.oneshot.log import BOARD, LOG, Log
from nasbed.oneshot.searching import OneShot
from nasbed.spaces.parts import Op

FORMAT = "nasbed.oneshot.1"
STATE, FOUND, NET = "state.safetensors", "found.json", "supernet.safetensors"
OURS = (STATE, LOG, BOARD, FOUND, NET, COURSE, "figures", "page.html", "training")
"""What a search's folder has in it, with what commands add."""

RANKED_IMAGES = 1000
"""By so many validation images, at most, architectures are ranked by inherited weights at the end."""

_INTEGER = "#"  # begins a key that was a whole number

Known = Callable[[Archs], Mapping[str, tuple[Any, Any]]]
"""From rows, ``(n, decisions)``, to what a table has of them: values, and the share of all that is worse."""


def nothing_known(rows: Archs) -> Mapping[str, tuple[Any, Any]]:
    """Know nothing of any architecture."""
    return {}


@dataclass
class Running(Printed):
    """A search and the folder in which it is kept.

    Args:
        search: The search, at its beginning.
        folder: Where it is kept.
        plan: What decides what comes of it besides the method, JSON-able.
        known: What a table has of architectures.
        precision: What convolutions and products compute in: ``float32``, or ``bfloat16`` by autocast.
        ranked: How many architectures are ranked by inherited weights at the end, where a table is known.

    Attributes:
        moments: What each epoch so far came to.
        saved: The step from which the folder goes on.
    """

    search: OneShot
    folder: Path
    plan: Mapping[str, Any] = field(default_factory=dict)
    known: Known = nothing_known
    precision: str = "float32"
    ranked: int = 50

    def __post_init__(self) -> None:
        net, search = self.search.net, self.search
        space = net.space
        self.moments: list[Moment] = []
        self.saved = 0
        self._draws = torch.Generator().manual_seed(derived_seed("oneshot", search.seed, "layers")).get_state()
        self.course = Course(
            search.name,
            {"name": space.kind, **space.settings()},
            search.data.name,
            search.seed,
            search.epochs,
            tuple((slot.name, tuple(map(str, slot.values))) for slot in net.decisions),
            plan=json.loads(json.dumps({**self.plan, **self._plan()})),
        )

    def _plan(self) -> dict[str, Any]:
        search, data = self.search, self.search.data
        return {
            "method": search.method.describe(),
            "space": {"name": search.net.space.kind, **search.net.space.settings()},
            "skeleton": search.net.blueprint.settings(),
            "supernet": search.net.settings(),
            "data": {"name": data.name.partition(":")[0], "checksum": data.checksum},
            "epochs": search.epochs,
            "seed": search.seed,
            "precision": self.precision,
            "versions": {"nasbed": version("nasbed"), "torch": str(torch.__version__), "numpy": np.__version__},
        }

    def run(
        self,
        minutes: float = 10.0,
        threads: int = 1,
        stop: Callable[[], bool] = lambda: False,
        progress: Callable[[Running, Mapping[str, float]], None] = lambda running, losses: None,
    ) -> Course:
        """Go on where the folder is, to the end.

        Args:
            minutes: How much work, at most, an end without warning undoes; an epoch's end is always kept.
            threads: How many threads PyTorch may use on the CPU. Another number can round differently.
            stop: Asked between steps whether to save and stop.
            progress: Called after each step with its losses.

        Raises:
            BadSetting: When the folder belongs to a search with other settings, or to something else.
            CorruptFile: When the state in the folder is damaged.
            Interrupted: When it was stopped, or at Ctrl-C.
            NasbedError: When an architecture parameter or a loss is no longer finite.
        """
        claim(self.folder, OURS, STATE)
        with locked(self.folder / STATE, f"searches in {self.folder}", CLAIM), using_threads(threads):
            length = self.load()
            try:
                self._run(length, minutes, stop, progress)
            except KeyboardInterrupt:
                raise Interrupted(
                    f"interrupted {self.standing}; step {self.saved} is the last that is kept in {self.folder}, and "
                    "from there the same command goes on"
                ) from None
        return self.course

    def _run(
        self,
        length: int,
        minutes: float,
        stop: Callable[[], bool],
        progress: Callable[[Running, Mapping[str, float]], None],
    ) -> None:
        search, kept = self.search, time.monotonic()
        if self.is_over:
            return
        with closing(Log(self.folder, length, self.moments)) as log:
            while not self.is_over:
                if stop():
                    self.save(log)
                    raise Interrupted(
                        f"stopped {self.standing}; it is kept in {self.folder}, and the same command goes on"
                    )
                losses = self.step()
                log.step(search.made, losses, search.entropy)
                if len(self.moments) < len(search.epochs_done):
                    self.moments.append(self.moment())
                    log.epoch(self.moments[-1])
                    self.save(log)
                elif time.monotonic() - kept >= 60 * minutes:
                    self.save(log)
                kept = kept if self.saved < search.made else time.monotonic()
                progress(self, losses)

    def step(self) -> Mapping[str, float]:
        """Make one step of the search, in its precision."""
        device = next(self.search.net.parameters()).device
        try:
            # layers that draw, such as dropout, do so from PyTorch's global generator
            with torch.random.fork_rng(devices=[]):
                torch.set_rng_state(self._draws)
                with torch.autocast(device.type, torch.bfloat16, enabled=self.precision == "bfloat16"):
                    losses = self.search.step()
                self._draws = torch.get_rng_state()
            finish(device)
        except NasbedError as error:
            raise NasbedError(f"{error}; step {self.saved} is the last that is kept in {self.folder}") from None
        return losses

    @property
    def standing(self) -> str:
        """How far it is, in half a sentence."""
        search = self.search
        return f"at epoch {search.made / search.steps:.1f} of {search.epochs}"

    # ── what an epoch came to ─────────────────────────────────────────────────────────────────────────────────

    def moment(self) -> Moment:
        """Return what the last epoch came to."""
        search, done = self.search, self.search.epochs_done[-1]
        slots = search.net.decisions
        moment = Moment(
            done.number,
            search.made,
            done.training_loss,
            done.validation_loss,
            done.entropy,
            alphas={slots[slot].name: chances.tolist() for slot, chances in search.alphas.chances().items()},
        )
        if search.method.choice.kind != "strongest" and not self.is_over:  # which would take its time
            return moment
        row = search.architecture
        known = self.known(row[None])
        return replace(
            moment,
            architecture=search.net.space.format(row),
            row=row.tolist(),
            skips=skips(search.net, row),
            known={name: float(values[0]) for name, (values, _) in known.items()},
            better={name: float(shares[0]) for name, (_, shares) in known.items() if not np.isnan(shares[0])},
        )

    @property
    def is_over(self) -> bool:
        """Whether all epochs are done."""
        return len(self.search.epochs_done) == self.search.epochs

    # ── going on ──────────────────────────────────────────────────────────────────────────────────────────────

    def _card(self) -> Card:
        facts = {"folder": str(self.folder), "kept": f"step {self.saved}", "search": str(self.search.name)}
        return Card("A one-shot search kept in a folder", facts=facts)

    def save(self, log: Log) -> None:
        """Write the course, and then the state."""
        search, tensors = self.search, dict[str, Tensor]()
        ranked = self._ranked() if self.is_over else None
        self.course = replace(self.course, moments=tuple(self.moments), ranked=ranked)
        self.course.write(self.folder / COURSE)
        if self.moments and self.moments[-1].row:
            last = self.moments[-1]
            found = {"architecture": last.architecture, "row": last.row, "epoch": last.epoch, "ended": self.is_over}
            write_json(self.folder / FOUND, {**found, "known": dict(last.known)}, indent=2)
        if self.is_over:
            search.save(self.folder / NET)
        facts = {
            "format": FORMAT,
            "course": self.course.to_dict(),
            "log": log.flushed(),
            "search": without_tensors(_texted(search.state_dict()), tensors),
            "draws": without_tensors(self._draws, tensors, "draws"),
        }
        write_tensors(self.folder / STATE, tensors, facts)
        self.saved = search.made

    def load(self) -> int:
        """Go to where the folder's state is, and return how long its log was; without one, stay at the beginning."""
        remove_left(self.folder)
        path = self.folder / STATE
        if not path.exists():
            return 0
        tensors, facts = read_tensors(path, "put a whole copy in its place, or remove it to begin the search again")
        if facts.get("format") != FORMAT:
            raise CorruptFile(f"{path} is not the state of a one-shot search ({FORMAT}) but {facts.get('format')!r}")
        course = Course.from_dict(facts["course"])
        differing = differences(course.plan, self.course.plan)
        if differing:
            raise BadSetting(
                f"the search in {self.folder} was begun with other settings ({'; '.join(differing)}); go on with the "
                "earlier ones, or name another folder"
            )
        self.search.load_state_dict(_numbered(with_tensors(facts["search"], tensors)))
        self._draws = with_tensors(facts["draws"], tensors)
        self.moments, self.course, self.saved = list(course.moments), course, self.search.made
        course.write(self.folder / COURSE)
        return int(facts["log"])

    def _ranked(self) -> Ranked | None:
        """Rank some architectures by inherited weights, where a table is known."""
        space = self.search.net.space
        if self.ranked < 2 or not self.known(self.search.architecture[None]):
            return None
        rows = np.unique(space.canonical(space.sample(Streams.from_seed(self.search.seed, self.ranked))), axis=0)
        values = {name: found.tolist() for name, (found, _) in self.known(rows).items()}
        judge, most = self.search.inherited, RANKED_IMAGES
        return Ranked(rows.tolist(), [judge(row, most=most) for row in rows], values)


def skips(net: Supernet, row: Archs) -> int:
    """Count the decisions of an architecture that count and chose to pass on what they read."""
    written = net.written
    active = written.active(row[None])[0]
    chosen = (part.values[value] for part, value in zip(written.decided.parts, row.tolist(), strict=True))
    return sum(
        bool(is_active) and isinstance(option, Op) and option.passed == "unchanged"
        for option, is_active in zip(chosen, active, strict=True)
    )


def _texted(value: Any) -> Any:
    """Return nested values whose keys are text: those that were whole numbers begin with a mark."""
    if isinstance(value, Mapping):
        return {f"{_INTEGER}{key}" if isinstance(key, int) else key: _texted(inner) for key, inner in value.items()}
    return [_texted(inner) for inner in value] if isinstance(value, list | tuple) else value


def _numbered(value: Any) -> Any:
    """Return what ``_texted`` was given, tuples as lists."""
    if isinstance(value, Mapping):
        return {
            int(key.removeprefix(_INTEGER)) if key.startswith(_INTEGER) else key: _numbered(inner)
            for key, inner in value.items()
        }
    return [_numbered(inner) for inner in value] if isinstance(value, list) else value
