"""The verbs, in the order in which one meets them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Annotated

import typer

import nasbed
from nasbed.cli.import_ import CSV
from nasbed.cli.options import with_quiet

EXAMPLES = {
    "list": "list optimizers",
    "info": "info digits101",
    "show": "show 0110/0011/0001/0000:conv3x3,maxpool --svg module.svg",
    "enumerate": "enumerate nasbench101 --vertices 5 --out graphs.json",
    "import": f"import nasbench_full.tfrecord; {CSV}",
    "export": "export digits101 digits101.tfrecord",
    "verify": "verify digits101",
    "query": "query digits101 011/001/000:conv3x3 --epochs 36",
    "generate": "generate nasbench101 --vertices 3 --budgets 1,2 --out mine.arrow",
    "status": "status mine.sqlite",
    "merge": "merge mine.worker-*-of-4.sqlite --out mine.arrow",
    "train": "train inception-like --augment --out runs/inception",
    "oneshot": "oneshot gdas --space nasbench201 --data digits --epochs 20 --out runs/gdas",
    "latency": "latency mobile --data digits --out latencies.json",
    "search": "search regularized-evolution --evaluations 100 --runs 20",
    "compare": "compare random regularized-evolution local --out demo",
    "report": "report demo --out demo.html",
    "study": "study random regularized-evolution --grid sample=2,5,10 --out evolution",
    "reproduce": "reproduce digits101-card",
    "score": "score nasbench201 --proxies naswot --sample 50 --out scores.csv",
    "correlate": "correlate scores.csv --with digits101:test --out naswot",
    "landscape": "landscape digits101 --out hills",
    "predict": "predict digits101 --learn 100 --out predictor.npz",
    "predictors": "predictors digits101 --predictor gp --predictor default --out ranked",
    "doctor": "doctor",
}
"""The verbs, each a module of this room, with what one may type."""


def application(words: Sequence[str] = ()) -> typer.Typer:
    """Make the application; where the words begin with a verb, of that one alone: the others are not even imported."""
    app = typer.Typer(
        name="nasbed",
        help="A test bed for neural architecture search: spaces, tables, searches, training and honest comparisons.",
        epilog="Start with: nasbed compare random regularized-evolution local --out demo",
        add_completion=True,
        context_settings={"help_option_names": ["-h", "--help"]},
        rich_markup_mode="rich",
    )
    app.callback(invoke_without_command=True)(_root)
    for verb in words[:1] if words and words[0] in EXAMPLES else EXAMPLES:
        module = import_module(f"nasbed.cli.{'import_' if verb == 'import' else verb}")
        example = f"Example: nasbed {EXAMPLES[verb]}"
        app.command(verb, help=_reflowed(module.command), epilog=example)(with_quiet(module.command))
    return app


def _reflowed(command: Callable[..., None]) -> str:
    """Return what a command says of itself, a line a paragraph: a terminal is not as wide as this file."""
    return "\n\n".join(" ".join(part.split()) for part in (inspect.getdoc(command) or "").split("\n\n"))


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"nasbed {nasbed.__version__}")
        raise typer.Exit


def _root(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Print the help when no command is given."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
