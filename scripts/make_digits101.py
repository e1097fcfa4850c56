"""Train the table ``digits101`` and write its card, in one command.

    python scripts/make_digits101.py

What is measured is kept in a store in ``--work``; stop the command and give it again as often as you like. With other
settings (``--vertices 3 --budgets 1,2``) it makes another, smaller table, which does not belong in the package.
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

from nasbed.run.campaign import Status
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.tables.generate import generate
from nasbed.tables.table import Table

ROOT = Path(__file__).parents[1]
_NOUNS = ("splits", "skeleton", "recipe")


def main() -> None:
    """Read the settings, train, put the table and its card in their places."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--vertices", type=int, default=4)
    parser.add_argument("--budgets", default="4,12,36", help="epochs, separated by commas")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=None)
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "digits101", help="folder of the store")
    parser.add_argument("--table", type=Path, default=ROOT / "src/nasbed/benchmarks/data/digits101.arrow")
    parser.add_argument("--card", type=Path, default=ROOT / "docs/digits101.md")
    given = parser.parse_args()
    if given.repeats < 2:
        parser.error("the card tells noise from differences, for which it needs at least 2 repeats")
    for folder in (given.work, given.table.parent, given.card.parent):
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
    given.card.write_text(card(table), encoding="utf-8")
    shutil.copyfile(table.path, given.table)
    print(f"{given.table}\n{given.card}")


def say(status: Status) -> None:
    """Keep one line of progress."""
    end = "\n" if status.done == status.total else ""
    print(f"\r{status.done} of {status.total} units, {status.failures} given up", end=end, flush=True)


def card(table: Table) -> str:
    """Write what one should know before believing a table."""
    made, budgets = table.provenance, table.budgets
    validation = table.column("validation_accuracy").values()  # (modules, budgets, repeats)
    test = table.column("test_accuracy").values()
    seconds = table.column("training_time").values()
    means, tests, times = (np.nanmean(values, axis=2) for values in (validation, test, seconds))
    parameters = table.trainable_parameters
    sections = [
        "# digits101",
        f"{len(table)} modules of at most {made['space']['vertices']} vertices, each trained {table.repeats} times "
        f"from scratch at each of {len(budgets)} budgets on the 8×8 handwritten digits of scikit-learn. The package "
        "carries this table so that everything can be tried without a download. The numbers on this page are computed "
        "from it; `scripts/make_digits101.py` makes the table and this page.",
        "## How it was made",
        listing(origin(made)),
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
        "## Limits",
        limits(made["splits"]["validation"], validation[:, -1]),
    ]
    return "\n\n".join(sections) + "\n"


def origin(made: dict[str, Any]) -> list[tuple[str, str]]:
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
            f"- {len(values)} modules are a small space; a search that wins here need not win in a large one.",
            "- The images are tiny, the skeleton is narrow and the trainings are short: accuracies say nothing of "
            "CIFAR-10 or of NAS-Bench-101.",
            "- Skeleton and recipe were chosen for telling these modules apart, on these same images.",
            "- The repeats of a module are trained in one pass, and each is given an equal share of the pass's time: "
            "times differ between modules and budgets, not between repeats.",
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
