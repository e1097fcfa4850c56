"""``nasbed status``: how far a campaign is, also while it runs."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nasbed.cli.console import print_facts, print_json, print_table
from nasbed.cli.options import Json
from nasbed.cli.words import duration
from nasbed.core.errors import BadSetting, CorruptFile

if TYPE_CHECKING:
    from nasbed.factory.standing import Standing
    from nasbed.scores.standing import ScoringStanding
    from nasbed.studies.folder import StudyStanding

_Shown = tuple[dict[str, Any], list[tuple[list[str], list[list[str]]]], list[dict[str, Any]]]
"""What is printed of a campaign: facts, tables, and its sessions, the last of whose commands goes on with it."""

_STUDY = "study.json"
_SHOWN = 5  # reasons for failures, and sessions


def command(
    paths: Annotated[
        list[Path], typer.Argument(help="Stores of campaigns, folders that have some, or folders of studies.")
    ],
    failures: Annotated[
        Path | None, typer.Option(help="Write what was given up to this file, for generate --units FILE --retry.")
    ] = None,
    salvage: Annotated[
        Path | None,
        typer.Option(help="Write what is whole of one damaged store to this new one, and say what is lost."),
    ] = None,
    json: Json = False,
) -> None:
    """Say how far campaigns are, what was given up and why, how fast they go and how they go on."""
    from nasbed.core.files import replacing
    from nasbed.factory.standing import standings

    if salvage is not None:
        _salvage(paths, salvage, json)
        return
    found: list[Standing] = []
    scorings: list[ScoringStanding] = []
    studies: list[StudyStanding] = []
    for path in paths:
        if (found_study := _study(path)) is not None:
            studies.append(found_study)
            continue
        scored = _scorings(path)
        with suppress(*([BadSetting] if scored else [])):
            found += standings([path])
        scorings += scored
    if failures is not None:
        lines = ["/".join(map(str, training[:3])) for standing in found for training in standing.failures]
        with replacing(failures) as beside:
            beside.write_text("".join(f"{line}\n" for line in lines))
    if json:
        everything: list[Any] = [*found, *scorings, *studies]
        print_json([standing.as_dict() for standing in everything])
        return
    shown = [*map(_of_study, studies), *map(_of_scoring, scorings), *map(_of_campaign, found)]
    for number, (facts, tables, sessions) in enumerate(shown):
        if number:
            print()
        print_facts(facts)
        for table in tables:
            print()
            print_table(*table)
        if sessions and sessions[-1]["command"] is not None:
            print(f"\nto go on: {sessions[-1]['command']}")
    if len(found) > 1 and all(standing.plan == found[0].plan for standing in found):
        units = frozenset().union(*(standing.recorded for standing in found))
        print(f"\nall {len(found)} stores together: {len(units):,} of {found[0].units:,} units done")


def _salvage(paths: list[Path], out: Path, json: bool) -> None:
    """Write what is whole of a store to another, and say what."""
    from nasbed.run.stores.salvage import salvage

    if len(paths) != 1:
        raise BadSetting(f"--salvage takes what is whole of one store; {len(paths)} are named")
    salvaged = salvage(paths[0].expanduser(), out.expanduser())
    print_json({"store": str(out), **asdict(salvaged)}) if json else print(f"{out}: {salvaged}")


def _scorings(path: Path) -> list[ScoringStanding]:
    """Read a store of scores, or those that a folder has; none where there are none."""
    from nasbed.scores.standing import ScoringStanding

    found: list[ScoringStanding] = []
    for file in sorted(path.glob("*.sqlite")) if path.is_dir() else [path]:
        with suppress(BadSetting, CorruptFile):  # it is something else, of which 'standings' says what it thinks
            found.append(ScoringStanding.of(file))
    return found


def _study(path: Path) -> StudyStanding | None:
    """Read a study's folder, or the notes in it; None where there are none."""
    folder = path.parent if path.name == _STUDY else path
    if not (folder / _STUDY).is_file():
        return None
    from nasbed.studies.folder import StudyStanding

    return StudyStanding.of(folder)


def _of_study(study: StudyStanding) -> _Shown:
    facts = {
        "folder": study.path,
        "study": study.study,
        "cells done": f"{study.done:,} of {study.cells:,}"
        + (f", and {study.waiting:,} parts of others" if study.waiting else ""),
        "not used": f"{study.stale:,} files of an earlier form of the study" if study.stale else None,
        "damaged": ", ".join(map(str, study.damaged)) or None,
        "not played": study.failures,
        "now": _now(study.running, study.done == study.cells),
    }
    return facts, [], study.sessions


def _of_scoring(scoring: ScoringStanding) -> _Shown:
    plan = scoring.plan
    facts = {
        "store": scoring.store,
        "scores": f"{', '.join(plan['proxies'])} of {plan['space']['name']} on {plan['data']}, seed {plan['seed']}",
        "networks done": f"{scoring.done:,} of {scoring.networks:,}, for {scoring.architectures:,} architectures",
        "given up": {f"{n:,}": reason for reason, n in scoring.failures.items()},
        "now": _now(scoring.running, scoring.done == scoring.networks),
        "speed": None if scoring.rate is None else f"{scoring.rate:.3g} networks/s in the latest session",
        "left": duration(scoring.left) if scoring.left else None,
    }
    return facts, [], scoring.sessions


def _of_campaign(standing: Standing) -> _Shown:
    plan, sessions = standing.plan, standing.sessions
    done, asked = sum(standing.done.values()), sum(standing.asked.values())
    facts = {
        "store": standing.store,
        "campaign": f"{_named(plan['space'])} on {plan['data']}, {plan['repeats']} repeats, seed {plan['seed']}",
        "units done": f"{done:,} of {standing.units:,}"
        + (f"; asked for {asked:,}" if asked < standing.units > done else ""),
        "given up": f"{len(standing.failures):,} trainings",
        "now": _now(standing.running, done == standing.units),
        "speed": None if standing.rate is None else f"{standing.rate:.3g} units/s in the latest session",
        "left": duration(standing.left) if standing.left else None,
        "expected end": None
        if standing.end is None
        else standing.end.astimezone().isoformat(" ", "minutes").removesuffix("+00:00"),
    }
    each = standing.units // len(plan["budgets"])
    failed = Counter(training.epochs for training in standing.failures)
    rows = [[str(epochs), f"{n:,}", f"{each:,}", f"{failed[epochs]:,}"] for epochs, n in standing.done.items()]
    tables = [(["epochs", "done", "units", "given up"], rows)]
    if standing.failures:
        reasons = Counter(str(training.failure) for training in standing.failures).most_common(_SHOWN)
        tables.append((["given up", "because"], [[f"{n:,}", reason] for reason, n in reasons]))
    if sessions:
        headers = ["started", "workers", "executor", "device", "processor"]
        tables.append((headers, [[str(session[name]) for name in headers] for session in sessions[-_SHOWN:]]))
    return facts, tables, sessions


def _named(space: dict[str, Any]) -> str:
    """Name a space, or say that some of its architectures are listed."""
    return f"listed architectures of {space['whole']['name']}" if "whole" in space else str(space["name"])


def _now(running: dict[str, Any] | None, is_complete: bool) -> str:
    """Say who works on a store, or whether there is anything left to do."""
    if running is None:
        return "complete" if is_complete else "nothing works on it"
    if running["process"] is None:
        return "running"
    return f"running as process {running['process']} on {running['machine']}"
