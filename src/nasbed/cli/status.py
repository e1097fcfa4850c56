"""``nasbed status``: how far a campaign is, also while it runs."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nasbed.cli.console import Json, duration, print_facts, print_json, print_table

if TYPE_CHECKING:
    from nasbed.tables.standing import Standing

_SHOWN = 5  # reasons for failures, and sessions


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("status", epilog="Example: nasbed status mine.sqlite")(command)


def command(
    paths: Annotated[list[Path], typer.Argument(help="Stores of campaigns, or folders that have some.")],
    failures: Annotated[
        Path | None, typer.Option(help="Write what was given up to this file, for generate --units FILE --retry.")
    ] = None,
    json: Json = False,
) -> None:
    """Say how far campaigns are, what was given up and why, how fast they go and how they go on."""
    from nasbed.core.files import replacing
    from nasbed.tables.standing import standings

    found = standings(paths)
    if failures is not None:
        lines = ["/".join(map(str, training[:3])) for standing in found for training in standing.failures]
        with replacing(failures) as beside:
            beside.write_text("".join(f"{line}\n" for line in lines))
    if json:
        print_json([standing.as_dict() for standing in found])
        return
    for number, standing in enumerate(found):
        if number:
            print()
        _print(standing)
    if len(found) > 1 and all(standing.plan == found[0].plan for standing in found):
        units = frozenset().union(*(standing.recorded for standing in found))
        print(f"\nall {len(found)} stores together: {len(units):,} of {found[0].units:,} units done")


def _print(standing: Standing) -> None:
    plan, sessions = standing.plan, standing.sessions
    done, asked = sum(standing.done.values()), sum(standing.asked.values())
    print_facts(
        {
            "store": standing.store,
            "campaign": f"{plan['space']['name']} on {plan['data']}, {plan['repeats']} repeats, seed {plan['seed']}",
            "units done": f"{done:,} of {standing.units:,}"
            + (f"; asked for {asked:,}" if asked < standing.units > done else ""),
            "given up": f"{len(standing.failures):,} trainings",
            "now": _now(standing),
            "speed": None if standing.rate is None else f"{standing.rate:.3g} units/s in the latest session",
            "left": duration(standing.left) if standing.left else None,
            "expected end": None
            if standing.end is None
            else standing.end.astimezone().isoformat(" ", "minutes").removesuffix("+00:00"),
        }
    )
    each = standing.units // len(plan["budgets"])
    failed = Counter(training.epochs for training in standing.failures)
    rows = [[str(epochs), f"{n:,}", f"{each:,}", f"{failed[epochs]:,}"] for epochs, n in standing.done.items()]
    print()
    print_table(["epochs", "done", "units", "given up"], rows)
    if standing.failures:
        reasons = Counter(str(training.failure) for training in standing.failures).most_common(_SHOWN)
        print()
        print_table(["given up", "because"], [[f"{n:,}", reason] for reason, n in reasons])
    if sessions:
        print()
        print_table(
            ["started", "workers", "executor", "device", "processor"],
            [
                [str(s[name]) for name in ("started", "workers", "executor", "device", "processor")]
                for s in sessions[-_SHOWN:]
            ],
        )
        print(f"\nto go on: {sessions[-1]['command']}")


def _now(standing: Standing) -> str:
    if standing.running is not None:
        return f"running as process {standing.running['process']} on {standing.running['machine']}"
    return "complete" if sum(standing.done.values()) == standing.units else "nothing works on it"
