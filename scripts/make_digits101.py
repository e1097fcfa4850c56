"""Train the table ``digits101`` and write its card, in one command.

    python scripts/make_digits101.py
    python scripts/make_digits101.py --card-only src/nasbed/benchmarks/data/digits101.arrow

What is measured is kept in a store in ``--work``; stop the command and give it again as often as you like. With other
settings (``--vertices 3 --budgets 1,2``) it makes another, smaller table, which does not belong in the package. The
card and its figure are functions of the table alone.
"""

from __future__ import annotations

import argparse
import shutil
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from nasbed.benchmarks.table import TableBenchmark
from nasbed.factory.generate import generate
from nasbed.report.figures import course, style
from nasbed.run.campaign import Status
from nasbed.run.history import Metric
from nasbed.run.settings import SearchSettings
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.statistics.comparison import Comparison, compare
from nasbed.tables.table import Table

ROOT = Path(__file__).parents[1]
SEARCHES, RUNS, EVALUATIONS = ("random", "regularized-evolution", "local"), 500, 150
METRICS: tuple[Metric, ...] = ("test", "mean-validation")
_NOUNS = ("splits", "skeleton", "recipe")


def main() -> None:
    """Read the settings, train, put the table and its card in their places."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--vertices", type=int, default=5)
    parser.add_argument("--budgets", default="4,12,36", help="epochs, separated by commas")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=None)
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "digits101", help="folder of the store")
    parser.add_argument("--table", type=Path, default=ROOT / "src/nasbed/benchmarks/data/digits101.arrow")
    parser.add_argument("--card", type=Path, default=ROOT / "docs/digits101.md", help="its figure is put beside it")
    parser.add_argument("--card-only", type=Path, metavar="TABLE", help="train nothing: write the card of a table")
    given = parser.parse_args()
    if given.repeats < 2:
        parser.error("the card tells noise from differences, for which it needs at least 2 repeats")
    given.card.parent.mkdir(parents=True, exist_ok=True)
    if given.card_only is not None:
        write_card(Table.open(given.card_only), given.card)
        return
    for folder in (given.work, given.table.parent):
        folder.mkdir(parents=True, exist_ok=True)
    table = generate(
        given.work / "digits101.arrow",
        space=NASBench101(vertices=given.vertices),
        budgets=[int(epochs) for epochs in given.budgets.split(",")],
        repeats=given.repeats,
        seed=given.seed,
        workers=given.workers,
        command=f"nasbed generate nasbench101 --vertices {given.vertices} --data digits --budgets {given.budgets} "
        f"--repeats {given.repeats} --seed {given.seed} --out digits101.arrow",
        progress=say,
    )
    assert table is not None, "everything was asked for"
    write_card(table, given.card)
    shutil.copyfile(table.path, given.table)
    print(given.table)


def say(status: Status) -> None:
    """Keep one line of progress."""
    end = "\n" if status.done == status.total else ""
    left = "" if status.left is None else f", {status.left / 60:.0f} minutes left"
    text = f"{status.done} of {status.total} units, {status.failures} given up{left}"
    print(f"\r{text:<70}", end=end, flush=True)


def write_card(table: Table, path: Path) -> None:
    """Write the card and, beside it, its figure."""
    searches = compare(SEARCHES, TableBenchmark(table, "digits101"), SearchSettings(evaluations=EVALUATIONS, runs=RUNS))
    picture = path.with_suffix(".svg")
    with style():
        course(searches, "test-regret").savefig(picture, metadata={"Date": None})
    path.write_text(card(table, searches, picture.name), encoding="utf-8")
    print(f"{path}\n{picture}")


def card(table: Table, searches: Comparison, picture: str) -> str:
    """Write what one should know before believing a table.

    Args:
        table: The table.
        searches: ``SEARCHES`` on it.
        picture: The name of their figure.
    """
    made, (budgets, repeats) = table.provenance, table.modules.trainings
    validation = table.column("validation_accuracy").values()  # (modules, budgets, repeats)
    test = table.column("test_accuracy").values()
    seconds = table.column("training_time").values()
    means, tests, times = (np.nanmean(values, axis=2) for values in (validation, test, seconds))
    parameters = table.modules.trainable_parameters
    sections = [
        "# digits101",
        f"{len(table):,} modules of at most {made['space']['vertices']} vertices, each trained {repeats} times "
        f"from scratch at each of {len(budgets)} budgets on the 8×8 handwritten digits of scikit-learn. The package "
        "carries this table so that everything can be tried without a download. The numbers on this page are computed "
        "from it; `scripts/make_digits101.py` makes the table, this page and its figure.",
        "## How it was made",
        listing(origin(made, table.path.stat().st_size)),
        "The results follow from the settings and the seed alone; another kind of processor or another version of "
        "PyTorch may round differently and lead elsewhere. Times are measured, and include what else the machine did.",
        "## Accuracies",
        "Validation accuracy of a module, mean of its repeats:",
        rows(["epochs", "minimum", "quartile", "median", "quartile", "maximum"], spread(budgets, means)),
        "Test accuracy, likewise:",
        rows(["epochs", "minimum", "quartile", "median", "quartile", "maximum"], spread(budgets, tests)),
        "## How well they tell modules apart",
        "Spearman's rank correlation over all modules. *Repeats*: validation accuracy of one repeat with another, "
        "mean of all pairs. *Test*: mean validation with mean test accuracy. *Parameters*, *time*: mean validation "
        "accuracy with the number of parameters and with the training time. *Noise*: standard deviation between the "
        "repeats of a module, root mean square, beside the standard deviation between the modules' means.",
        rows(
            ["epochs", "repeats", "test", "parameters", "time", "noise", "between modules"],
            [
                [
                    str(epochs),
                    f"{between_repeats(validation[:, b]):.3f}",
                    *(f"{rank(means[:, b], other):.3f}" for other in (tests[:, b], parameters, times[:, b])),
                    f"{noise(validation[:, b]):.4f}",
                    f"{np.nanstd(means[:, b], ddof=1):.4f}",
                ]
                for b, epochs in enumerate(budgets)
            ],
        ),
        "Between budgets, mean validation accuracies:",
        rows(
            ["epochs", "epochs", "Spearman"],
            [
                [str(budgets[a]), str(budgets[b]), f"{rank(means[:, a], means[:, b]):.3f}"]
                for a, b in combinations(range(len(budgets)), 2)
            ],
        ),
        "## Whether searches separate on it",
        f"{RUNS} runs of each search with its default settings, {EVALUATIONS} evaluations of {budgets[-1]} epochs, of "
        "which each hears one repeat. Test accuracy is the mean of the repeats of what the search then thinks best; "
        "its band is the 95 % interval of the mean over runs.",
        rows(
            ["search", "test accuracy", "from", "to", "test regret, points", "found the best by validation"],
            [
                [
                    row["optimizer"],
                    f"{row['test']:.5f}",
                    *(f"{edge:.5f}" for edge in band(searches, row["optimizer"])),
                    f"{100 * row['test_regret']:.3f}",
                    f"{100 * row['optimum_found']:.1f} %",
                ]
                for row in searches.summary()
            ],
        ),
        f"![Test regret against evaluations]({picture})",
        f"From which evaluation on, to the {EVALUATIONS}th, the bands of two searches do not overlap; – where they do "
        "at the end. Last, by how much the one is better in the end, in points of test accuracy, run for run, with the "
        "interval that holds for all pairs together.",
        rows(["searches", "test accuracy", "validation accuracy", "better", "by", "±"], pairs(searches)),
        verdict(searches, noise(test[:, -1])),
        "## Limits",
        limits(made["splits"]["validation"], validation[:, -1]),
    ]
    return "\n\n".join(sections) + "\n"


def origin(made: dict[str, Any], size: int) -> list[tuple[str, str]]:
    """Give the provenance as names and values."""
    sessions = made["sessions"]
    machines = sorted(
        {f"{s['processor']}, {s['cores']} cores, {s['workers']} workers, {s['system']}" for s in sessions}
    )
    settings = {noun: ", ".join(f"{name} {value}" for name, value in made[noun].items()) for noun in _NOUNS}
    return [
        ("Command", f"`{made['command']}`"),
        ("Versions", ", ".join(f"{name} {value}" for name, value in made["versions"].items())),
        ("Python", ", ".join(sorted({session["python"] for session in sessions}))),
        ("Seed", f"{made['seed']}; each module and budget, repeat and attempt has one derived from it"),
        ("Data", f"{made['data']}, SHA-256 {made['data_checksum']}"),
        *((noun.capitalize(), settings[noun]) for noun in _NOUNS),
        ("Hardware", "; ".join(machines)),
        ("Begun, ended", f"{sessions[0]['started']}, {made['finished']}; sessions: {len(sessions)}"),
        ("Training", f"{made['training_seconds'] / 60:.1f} minutes of one core"),
        ("Given up", f"{len(made['failures'])} trainings"),
        ("Size", f"{size / 1000:,.0f} kB"),
    ]


def spread(budgets: tuple[int, ...], values: NDArray[np.float64]) -> list[list[str]]:
    """Give minimum, quartiles and maximum of each budget."""
    quartiles = np.nanquantile(values, np.linspace(0, 1, 5), axis=0).T
    return [[str(epochs), *(f"{x:.4f}" for x in row)] for epochs, row in zip(budgets, quartiles, strict=True)]


def between_repeats(values: NDArray[np.float64]) -> float:
    """Average the rank correlation over all pairs of repeats; ``(modules, repeats)``."""
    pairs = [rank(values[:, a], values[:, b]) for a, b in combinations(range(values.shape[1]), 2)]
    return float(np.mean(pairs)) if pairs else float("nan")


def rank(a: NDArray[Any], b: NDArray[Any]) -> float:
    """Give Spearman's correlation, modules that were given up left out."""
    return float(spearmanr(a, b, nan_policy="omit").statistic)


def noise(values: NDArray[np.float64]) -> float:
    """Give the standard deviation between repeats, root mean square over modules; ``(modules, repeats)``."""
    return float(np.sqrt(np.nanmean(np.nanvar(values, axis=1, ddof=1))))


def band(searches: Comparison, label: str) -> tuple[float, float]:
    """Give the ends of the 95 % band of a search's mean test accuracy after the last evaluation."""
    curve = searches.curves("test")[label]
    return float(curve.low[-1]), float(curve.high[-1])


def apart_from(searches: Comparison, metric: Metric, one: str, other: str) -> int | None:
    """Give the evaluation from which on two bands do not overlap; None when they do after the last."""
    curves = searches.curves(metric)
    apart = (curves[one].high < curves[other].low) | (curves[other].high < curves[one].low)
    last = 0 if apart.all() else int(np.flatnonzero(~apart)[-1]) + 1
    return None if last == len(apart) else last + 1


def pairs(searches: Comparison) -> list[list[str]]:
    """Give a row for each pair of searches: since when they are apart, and by how much in the end."""
    body = []
    for (one, other), end in zip(
        combinations(searches.histories, 2), searches.separated("test").differences, strict=True
    ):
        since = [apart_from(searches, metric, one, other) for metric in METRICS]
        how = [end.better if end.apart else "–", f"{100 * end.mean:.3f}", f"{100 * end.reach:.3f}"]
        body.append([f"{one}, {other}", *("–" if n is None else str(n) for n in since), *how])
    return body


def verdict(searches: Comparison, error: float) -> str:
    """Say whether all searches separate by test accuracy, and if not, why.

    Args:
        searches: The searches.
        error: Standard deviation of test accuracy between the repeats of a module.
    """
    close = [pair for pair in combinations(searches.histories, 2) if apart_from(searches, "test", *pair) is None]
    if not close:
        return f"After {EVALUATIONS} evaluations all three separate: no two bands of test accuracy overlap."
    regrets = [float(np.nanmean(values)) for values in searches.final("test-regret").values()]
    return (
        f"After {EVALUATIONS} evaluations the bands of {', '.join(' and '.join(pair) for pair in close)} overlap: "
        f"these searches do not separate by then. On average they end {100 * min(regrets):.2f} to "
        f"{100 * max(regrets):.2f} points below the best module, while one repeat differs from its module's mean by "
        f"{100 * error:.2f} points (root mean square): what is heard of the best candidates says little about which of "
        "them is better, to any search."
    )


def limits(images: int, values: NDArray[np.float64]) -> str:
    """Say what the table is not."""
    means = np.nanmean(values, axis=1)
    error = noise(values) * np.sqrt(2 / values.shape[1])  # of the difference of two means
    near = int((means >= means.max() - 2 * error).sum()) - 1
    return "\n".join(
        [
            f"- The {images} validation images are few: the accuracy of a repeat comes in steps of 1/{images}. At the "
            f"largest budget {near} other modules are within two standard errors of the best. Compare searches by many "
            "runs, not by one.",
            f"- {len(values):,} modules are a small space; a search that wins here need not win in a large one.",
            "- The images are tiny, the skeleton is narrow and the trainings are short: accuracies say nothing of "
            "CIFAR-10 or of NAS-Bench-101.",
            "- Skeleton and recipe were chosen for telling these modules apart, on these same images.",
            "- The repeats of a module are trained in one pass, often with modules that have the same edges. A pass's "
            "time is shared among modules as the times of their steps alone are, and equally among repeats: times "
            "differ between modules and budgets, not between repeats.",
        ]
    )


def listing(pairs: list[tuple[str, str]]) -> str:
    """Write names and values as a list."""
    return "\n".join(f"- **{name}**: {value}" for name, value in pairs)


def rows(head: list[str], body: list[list[str]]) -> str:
    """Write a Markdown table."""
    return "\n".join("| " + " | ".join(line) + " |" for line in [head, ["--:"] * len(head), *body])


if __name__ == "__main__":
    main()
