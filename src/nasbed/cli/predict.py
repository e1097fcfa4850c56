"""``nasbed predict``: a predictor that learns from a table, or was stored, and what it says of architectures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nasbed.cli.console import print_json, print_note, print_table, print_text, print_warnings, progress
from nasbed.cli.options import Json, panel
from nasbed.cli.words import percent, shown
from nasbed.core.errors import BadSetting

if TYPE_CHECKING:
    from nasbed.core.records import Archs
    from nasbed.studies.prediction.explaining import Explanation
    from nasbed.studies.prediction.predicting import Prediction

learning = panel("From what it learns")
about = panel("Of what it predicts")

_HEADERS = ("n", "tau", "rho", "pearson", "rmse", "mae", "precision10", "best10", "coverage")


def command(
    benchmark: Annotated[
        str | None,
        typer.Argument(help="A name, settings if need be, or the path of a table; digits101 if none and no --load."),
    ] = None,
    predictor: Annotated[
        str | None, learning("A name, with settings if need be: NAME:key=value; 'nasbed list predictors'.")
    ] = None,
    learn: Annotated[int | None, learning("From how many architectures, which are drawn; 100 if not given.")] = None,
    epochs: Annotated[int | None, learning("From values after so many epochs; the most if not given.")] = None,
    seed: Annotated[int | None, learning("Of what is drawn; 0 if not given.")] = None,
    load: Annotated[Path | None, learning("A stored predictor, which has learned already.")] = None,
    arch: Annotated[list[str] | None, about("An architecture, as 'nasbed show' writes it; more than once.")] = None,
    archs: Annotated[Path | None, about("Those that a file lists, one a line.")] = None,
    top: Annotated[int, about("So many that are predicted best, of those not learned from; a function once.")] = 10,
    explain: Annotated[bool, typer.Option("--explain", help="Say which blocks of the encoding carry it.")] = False,
    out: Annotated[Path | None, typer.Option(help="Store the predictor in this file, .npz.")] = None,
    json: Json = False,
) -> None:
    """Let a predictor learn from a part of a table, say how well it ranks the rest, and what it predicts.

    Three test sets are told: all others; those that compute what none it learned from does; and one for each of these.
    """
    from nasbed.benchmarks.resolve import resolve
    from nasbed.core.files import check_form
    from nasbed.predictors.storing import save
    from nasbed.studies.prediction.predicting import LEARNED, Prediction

    if out is not None:
        check_form(out, "a predictor", "NumPy's arrays", ".npz")
    if top < 0:
        raise BadSetting(f"--top is how many architectures are shown, not {top}")
    given = {"--predictor": predictor, "--learn": learn, "--epochs": epochs, "--seed": seed}
    with progress("learning"):
        if load is not None:
            for name, value in given.items():
                if value is not None:
                    raise BadSetting(f"a stored predictor has learned already; leave out {name}, or --load")
            found = Prediction.stored(load, None if benchmark is None else resolve(benchmark))
        else:
            how = predictor or "default", LEARNED if learn is None else learn, epochs, seed or 0
            found = Prediction.learned(resolve(benchmark or "digits101"), *how)
        rows = _asked(found, arch or [], archs, top)
        told = found.facts(rows)
        explained = found.explanation if explain else None
        if out is not None:
            save(found.predictor, out)
    if json:
        print_json(told | ({} if explained is None else {"explanation": _as_dict(explained)}))
        return
    _print(found, rows)
    if explained is not None:
        _print_explanation(explained)
    if out is not None:
        print_note(f"stored: {out}; to go on with it: nasbed predict --load {out}", apart=True)


def _asked(found: Prediction, texts: list[str], file: Path | None, top: int) -> Archs:
    """Return the architectures that are shown: those that are named, else those predicted best.

    Raises:
        BadSetting: When neither is there to be shown.
    """
    import numpy as np

    space = found.predictor.space
    if texts or file is not None:
        from nasbed.scores.asked import Asked

        named = [] if file is None else [*Asked.file(file).archs(space)]
        return np.array([*(space.parse(text) for text in texts), *named], np.int8)
    if found.examples is None:
        raise BadSetting("say of what is to be predicted: a benchmark, --arch ARCHITECTURE or --archs FILE")
    return found.best(top)


def _print(found: Prediction, rows: Archs) -> None:
    """Say what learned from what, how good it is, and what it predicts."""
    from nasbed.statistics.prediction import IN_UNITS, WORDS

    n, space = len(found.predictor.archs_), found.predictor.space.name
    measure = "" if found.examples is None else found.examples.benchmark.measure
    if found.examples is None:
        print_text(f"{found.called}: learned from {n:,} architectures of {space}")
    else:
        benchmark, last = found.examples.benchmark, found.examples.benchmark.budgets[-1]
        words = f"{benchmark.split} {measure}" if measure == "accuracy" else measure
        at = "" if found.examples.epochs == last else f", from values after {found.examples.epochs} of {last} epochs"
        print_text(
            f"{found.called} learned from {n:,} of {len(found.examples):,} architectures of {benchmark.name}{at}"
        )
        print()
        shares = ("precision10", "precision20", "coverage")
        cells = [
            [
                name.replace("-", " "),
                *(
                    f"{value:,.0f}"
                    if key == "n"
                    else shown(value, measure)
                    if key in IN_UNITS
                    else percent(value, 0)
                    if key in shares
                    else _short(value)
                    for key, value in ((key, getattr(one, key)) for key in _HEADERS)
                ),
            ]
            for name, one in found.qualities.items()
        ]
        headers = [WORDS[key] + (", %" if key in shares else "") for key in _HEADERS]
        print_table(["judged on", *headers], cells, f"how well it predicts {words}")
        tau, _, _, twins = found.examples.ceiling
        if twins:
            print_text(f"{twins:,} compute the same as others; the mean of these predicts them with τ {_short(tau)}")
        print()
    table = [
        [row["architecture"], *(shown(row[key], measure) for key in ("predicted", "deviation", "measured"))]
        for row in found.rows(rows)
    ]
    if table:
        print_table(["architecture", "predicted", "±", "measured"], table)
    print_warnings(found.predictor.notes)
    if found.examples is not None:
        print_warnings(found.examples.benchmark.describe().get("warnings", []))


def _print_explanation(explained: Explanation) -> None:
    print()
    rows = [[one.name, percent(one.share, 0), _short(one.loss), _short(one.alone)] for one in explained.blocks]
    title = f"what carries it: τ {_short(explained.tau)} on {explained.n:,} that it has not learned from"
    print_table(["block", "share learned %", "τ lost without", "τ alone"], rows, title)
    print()
    print_table(["number", "τ lost without"], [[one.name, f"{one.loss:.4f}"] for one in explained.numbers])
    print_note("blocks that say the same do not lose each other's part; 'alone' shows it", apart=True)


def _as_dict(explained: Explanation) -> dict[str, object]:
    return {
        "tau": explained.tau,
        "n": explained.n,
        "blocks": [one._asdict() for one in explained.blocks],
        "numbers": [{"name": one.name, "loss": one.loss} for one in explained.numbers],
    }


def _short(value: float) -> str:
    return "–" if value != value else f"{value:.3f}"
