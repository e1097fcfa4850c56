"""Scoring a space: a campaign in which every unit is the network of one class of equal architectures.

This process does not import PyTorch; its workers do. Whatever happens in between, each network is scored once, and what
its scores come to depends on the settings and the seed alone: not on what else is scored, in which order or by whom.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting, Interrupted
from nasbed.core.files import check_place
from nasbed.core.locks import claimed
from nasbed.core.records import Archs
from nasbed.core.registry import executors
from nasbed.core.space import Space
from nasbed.core.store import Store
from nasbed.nets.costs import params
from nasbed.run.about import command_line
from nasbed.run.campaign import Progress, campaign
from nasbed.run.executors.retrying import RetryingExecutor, survey
from nasbed.run.plan import agree
from nasbed.run.stores.salvage import mend
from nasbed.run.stores.sqlite import SQLiteStore
from nasbed.scores.asked import Asked
from nasbed.scores.scores import AGAIN, FORMS, Scores, last_records, units_of
from nasbed.scores.spelling import read

SCORE = "nasbed.scores.work:score_unit"
SURVEY = "nasbed.scores.work:survey"

BATCH = 128
"""How many images; the published number of NASWOT. Mellor et al., ICML 2021."""


def score_space(
    out: str | Path,
    *,
    space: Space,
    asked: Asked | None = None,
    proxies: str = "naswot",
    data: str = "digits",
    batch: int = BATCH,
    seed: int = 0,
    network: Mapping[str, Any] | None = None,
    once: bool = True,
    attempts: int = 3,
    executor: str = "processes",
    workers: int | None = None,
    executor_settings: Mapping[str, Any] | None = None,
    device: str = "cpu",
    retry: bool = False,
    redo_damaged: bool = False,
    command: str | None = None,
    progress: Progress | None = None,
) -> Scores:
    """Score untrained networks, or go on where an earlier call was stopped.

    Args:
        out: A store, ``.sqlite``; or an Arrow file or a CSV, whose store lies beside it.
        space: Whose architectures.
        asked: Which of them; all if not given. A later call may ask for others of the same plan.
        proxies: As ``spelling.read`` reads them. Parameters and FLOPs are always given beside them.
        data: Where images come from, ``name`` or ``name:where``; or ``noise``.
        batch: How many images.
        seed: Of the batch and of the weights.
        network: Settings of the network, such as ``channels`` and ``cells``.
        once: Whether equal architectures share the scores of one network, the smallest of them; else each is scored
            as it is written.
        attempts: After how many failures a network is given up; its scores are NaN.
        executor: A registered name.
        workers: How many networks at once; None for the executor's choice.
        executor_settings: Further settings of the executor.
        device: Where networks are scored.
        retry: Whether to try again what has been given up.
        redo_damaged: Whether to score again what is damaged in the store; the damaged file is kept beside it.
        command: What was typed, to go on with; the arguments of this program if not given.
        progress: Called with the campaign's status at the start and after each network.

    Returns:
        Everything that the store has of what was ever asked.

    Raises:
        BadSetting: When settings are unknown or do not fit together, files cannot be written, the store was begun
            with other settings, or another process works on it.
        Interrupted: At Ctrl-C; the same call goes on.
    """
    path, store = Path(out).expanduser(), store_of(out)
    check_place(path)
    check_place(store)
    if batch < 2:
        raise BadSetting(f"a batch has at least 2 images, which scores compare, not {batch}")
    if seed < 0:
        raise BadSetting(f"the seed must not be negative; it is {seed}")
    chosen = read(proxies)
    what = asked or Asked()
    archs = what.archs(space)
    names = units_of(space, archs, once)
    described = {"name": space.kind, **space.settings()}
    typed = command or command_line()
    resume = f"they are kept in {store}; to go on: {typed}"
    settings = {**(executor_settings or {}), **({} if workers is None else {"workers": workers})}
    try:
        with claimed(store), executors.read(executor, settings) as machine:
            if redo_damaged:
                mend(store)
            retrying = RetryingExecutor(machine, attempts)
            found = survey(retrying, "scored", SURVEY, chosen, data, batch, seed, device)
            built = {**found["network"], **(network or {})}
            rows = _rows(space, archs, names, built) if once else dict(zip(names, archs, strict=True))
            plan = {
                "space": described,
                "proxies": {called: settings for called, (_, settings) in chosen.items()},
                "data": data.partition(":")[0],
                "data_checksum": found["data_checksum"],
                "batch": batch,
                "seed": seed,
                "network": built,
                "once": once,
                "versions": found["versions"],
            }
            with SQLiteStore(store) as kept:
                agree(kept, plan, {"asked": [], "warnings": found["warnings"]})
                earlier = kept.notes()["asked"]
                if what.to_dict() not in earlier:
                    kept.note("asked", [*earlier, what.to_dict()])
                units = [*rows, *(_given_up(kept, rows) if retry else [])]
                settled = chosen, built, data, batch, seed, device

                def arguments(name: str) -> tuple[Any, ...]:
                    unit = name.partition(AGAIN)[0]
                    return space, rows[unit].tolist(), unit, *settled

                campaign(
                    units,
                    SCORE,
                    arguments,
                    plan=plan,
                    session={
                        "executor": executor,
                        "workers": machine.slots,
                        "device": device,
                        "command": typed,
                        "units": len(units),
                    },
                    store=kept,
                    executor=machine,
                    attempts=attempts,
                    resume=resume,
                    progress=progress,
                )
                scores = Scores.of_store(kept, path.name, space)
        if path != store:
            scores.write(path)
        return scores
    except KeyboardInterrupt:  # the campaign's own are Interrupted already; this was before or after it
        raise Interrupted(f"interrupted; what was scored is kept in {store}; to go on: {typed}") from None


def _given_up(store: Store, units: Collection[str]) -> list[str]:
    """Name anew what was given up the last time that it was tried."""
    tries = Counter(name.partition(AGAIN)[0] for name, _ in store)
    failed = (unit for unit, record in last_records(store).items() if record["error"] is not None and unit in units)
    return [f"{unit}{AGAIN}{tries[unit]}" for unit in failed]


def store_of(out: str | Path) -> Path:
    """Name the store of a file of scores: itself, or beside it with the suffix ``.sqlite``.

    Raises:
        BadSetting: When the name's ending says nothing of the form.
    """
    path = Path(out).expanduser()
    if path.suffix not in FORMS:
        raise BadSetting(f"scores are written to a file that ends in {', '.join(FORMS)}, not to {path.name}")
    return path.with_suffix(".sqlite")


def _rows(space: Space, archs: Archs, units: list[str], network: Mapping[str, Any]) -> dict[str, Archs]:
    """Give the row that is scored for each unit, in the order in which the units are first asked for."""
    first = {unit: i for i, unit in reversed(list(enumerate(units)))}
    order = sorted(first.values())
    rows = representatives(space, archs[order], network)
    return {units[i]: row for i, row in zip(order, rows, strict=True)}


def representatives(space: Space, archs: Archs, network: Mapping[str, Any]) -> Archs:
    """Give the representative of each architecture, ``(n, decisions)``; itself where the space does not number them.

    Of architectures that are equal it is the one whose network is scored. They may be of different size: one has
    operations on edges that lead nowhere, the other has not. The smallest network has nothing superfluous; of several
    that small the first of the enumeration is taken. So which one it is does not depend on which of them somebody asked
    for.

    Args:
        space: Whose architectures.
        archs: ``(n, decisions)``.
        network: Settings of the networks, whose parameters are counted.
    """
    if not space.is_enumerable:
        return archs
    everything, keys, order = _by_key(space)
    wanted, which = np.unique(space.key(archs), return_inverse=True)
    first, after = np.searchsorted(keys, wanted), np.searchsorted(keys, wanted, side="right")
    chosen = order[first]
    several = np.flatnonzero(after - first > 1)
    if len(several):
        rows = np.concatenate([order[first[i] : after[i]] for i in several])
        kind = np.repeat(several, (after - first)[several])
        sizes = params(space, everything[rows], **network)
        smallest = np.lexsort((rows, sizes, kind))
        chosen[several] = rows[smallest[np.searchsorted(kind[smallest], several)]]
    found: Archs = everything[chosen[which]]
    return found


@lru_cache(maxsize=2)
def _by_key(space: Space) -> tuple[Archs, NDArray[np.uint64], NDArray[np.int64]]:
    """Give a space's architectures, all keys in ascending order, and which architecture each belongs to."""
    everything = space.enumerate()
    keys = space.key(everything)
    order = np.argsort(keys, kind="stable")
    return everything, keys[order], order
