"""``nasbed correlate``: hold scores, or accuracies with inherited weights, against what networks are worth."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nasbed.cli.console import print_json, print_note, print_table, print_text, print_warnings, progress
from nasbed.cli.options import Json
from nasbed.core.errors import BadSetting

if TYPE_CHECKING:
    from nasbed.scores.scores import Scores
    from nasbed.statistics.correlation import Correlation
    from nasbed.statistics.truth import Truth


def command(
    scores: Annotated[
        Path,
        typer.Argument(
            help="What 'nasbed score' made: .sqlite, .arrow or .csv; or a trained supernet, .safetensors, or a folder "
            "of those of one training."
        ),
    ],
    with_: Annotated[
        list[str],
        typer.Option(
            "--with",
            help="A benchmark's name, a table's path or a CSV, and after a colon test, validation or a column; "
            "several times for several.",
        ),
    ],
    epochs: Annotated[int | None, typer.Option(help="At which budget of a table; the largest if not given.")] = None,
    sample: Annotated[int, typer.Option(help="How many random architectures a supernet judges.", min=3)] = 200,
    best_of: Annotated[str, typer.Option(help="How many architectures a search scores.")] = "10,100,1000",
    resamples: Annotated[int, typer.Option(help="Of the bootstrap.")] = 1000,
    seed: Annotated[int, typer.Option(help="Of the bootstrap, and of the architectures that a supernet judges.")] = 0,
    out: Annotated[Path | None, typer.Option(help="Folder for figures and tables.")] = None,
    forms: Annotated[str, typer.Option(help="Of the figures: png, svg, pdf.")] = "png,svg",
    json: Json = False,
) -> None:
    """Correlate scores with accuracies: τ and ρ with 95 % intervals, r, the best-scored network, and best of N.

    Parameters and FLOPs are always among the proxies: what does not beat them is not worth its time. Of supernets, the
    scores are accuracies with inherited weights, one for each file.
    """
    from nasbed.cli.values import integers
    from nasbed.statistics.correlation import correlate

    if len(set(with_)) < len(with_):
        raise BadSetting("the same truth is given twice with --with")
    with progress("judging"):
        read = _read(scores, sample, seed)
    searches = integers(best_of, "--best-of")
    drawn = [form.strip() for form in forms.split(",")]
    with progress("correlating"):
        found = [
            correlate(read, _truth(text, read, epochs), searches=searches, resamples=resamples, seed=seed)
            for text in with_
        ]
        written = [] if out is None else [path for one in found for path in one.save(_folder(out, one, found), drawn)]
    if json:
        print_json([one.as_dict() for one in found])
        return
    for number, one in enumerate(found):
        if number:
            print()
        _print(one)
    if out is not None:
        names = ", ".join(str(path.relative_to(out)) for path in written)
        print_note(f"{len(written)} files in {out}: {names}", apart=True)


def _read(path: Path, sample: int, seed: int) -> Scores:
    """Read scores, or have supernets judge some architectures."""
    from nasbed.scores.asked import Asked
    from nasbed.scores.scores import Scores

    files = sorted(path.glob("*.safetensors")) if path.is_dir() else [path]
    if not files:
        raise BadSetting(f"there is no supernet, .safetensors, in {path}")
    if files[0].suffix != ".safetensors":
        return Scores.read(path)
    from nasbed.benchmarks.inherited import inherited_scores

    return inherited_scores(files, Asked(sample=sample, seed=seed))


def _truth(text: str, scores: Scores, epochs: int | None) -> Truth:
    """Find what is meant by ``NAME``, ``PATH``, ``NAME:COLUMN`` or ``PATH:COLUMN``; NAME may have settings.

    Raises:
        BadSetting: When there is no such file, or epochs are given for a CSV.
        UnknownName: When there is no such benchmark or column.
    """
    from nasbed.benchmarks.resolve import resolve
    from nasbed.core.registry import benchmarks
    from nasbed.statistics.truth import Truth

    name, column = text, None
    if not (Path(text).expanduser().exists() or text in benchmarks) and "=" not in text.rpartition(":")[2]:
        left, colon, column = text.rpartition(":")
        name, column = (left, column) if colon else (text, None)
    if Path(name).suffix == ".csv":
        if epochs is not None:
            raise BadSetting(f"--epochs is for tables; {name} has columns")
        if not Path(name).expanduser().is_file():
            raise BadSetting(f"there is no file {name}")
        return Truth.of_csv(name, scores, column)
    return Truth.of_benchmark(resolve(name), scores, column, epochs)


def _folder(out: Path, one: Correlation, found: list[Correlation]) -> Path:
    """Give each of several truths a folder of its own in the one that was asked for."""
    return out if len(found) == 1 else out / one.truth.name.replace(":", "-").replace("/", "-")


def _print(found: Correlation) -> None:
    from nasbed.report.correlation import coefficient_rows, search_rows

    plural = f"{len(found.there):,} networks of {found.scores.space.name}"
    print_text(f"{plural} against {found.truth.name}: {found.truth.what}")
    print_table(*coefficient_rows(found))
    headers, rows = search_rows(found)
    if len(headers) > 1:
        print()
        print_text("the same of the best-scored of N, mean ± standard deviation over searches")
        print_table(headers, rows)
    print()
    for agreement in found.agreements.values():
        print_text(f"best by {agreement.proxy}: {agreement.best.architecture}")
    print_warnings(found.warnings)
