"""``nasbed search``: one method, one benchmark, any number of runs."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nasbed.cli import fronts
from nasbed.cli.console import Json, percent, print_facts, print_json, print_table, print_text, progress
from nasbed.cli.live import Device, Executor, Recipe, Store, Workers

if TYPE_CHECKING:
    from nasbed.core.benchmark import Benchmark as Answers
    from nasbed.report.pareto_comparison import TradeOffs
    from nasbed.run.history import History

DEFAULT_EVALUATIONS = 200
"""The budget of a run when none is named. Evolution begins to differ from random search once its population is full."""

Benchmark = Annotated[
    str, typer.Option(help="A benchmark's name, a table's path, trained:DATA:SPACE or scored:FILE:PROXY.")
]
Evaluations = Annotated[
    int | None,
    typer.Option(help=f"Budget of a run: architectures trained. {DEFAULT_EVALUATIONS} if no budget is given."),
]
TotalEpochs = Annotated[int | None, typer.Option(help="Budget of a run: epochs, all evaluations together.")]
Seconds = Annotated[float | None, typer.Option(help="Budget of a run: seconds, simulated or, with trained:, real.")]
TotalSeconds = Annotated[
    float | None, typer.Option(help="Budget of a run: simulated seconds, of all its workers together.")
]
Epochs = Annotated[int | None, typer.Option(help="Epochs of each evaluation; the benchmark's most if not given.")]
Seed = Annotated[int, typer.Option(help="Of the whole study; run k depends on the seed and k alone.")]
Duplicates = Annotated[
    str, typer.Option(help="What an architecture costs that a run has paid for before: pay, free or skip.")
]
Repeats = Annotated[str, typer.Option(help="What is heard of a table's repeats: draw one, or their mean.")]

Scheduling = Annotated[
    str, typer.Option(help="Whether a simulated worker waits for the others: asynchronous or synchronous.")
]
Failures = Annotated[float, typer.Option(help="How likely a simulated training fails, from 0 to 1.")]
Objectives = Annotated[
    list[str] | None,
    typer.Option("--objective", help="A cost to be kept low beside accuracy: seconds, params, …; again for more."),
]
Limits = Annotated[
    list[str] | None, typer.Option("--limit", help="What a cost may be at most: params=1000000; again for more.")
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("search", epilog="Example: nasbed search regularized-evolution --evaluations 100 --runs 20")(command)


def command(
    optimizer: Annotated[str, typer.Argument(help="A name, with settings if need be: NAME:key=value,key=value.")],
    benchmark: Benchmark = "digits101",
    evaluations: Evaluations = None,
    total_epochs: TotalEpochs = None,
    seconds: Seconds = None,
    total_seconds: TotalSeconds = None,
    epochs: Epochs = None,
    runs: Annotated[int, typer.Option(help="Independent searches.")] = 1,
    seed: Seed = 0,
    first_run: Annotated[int, typer.Option(help="Number of the first run, to split a study.", min=0)] = 0,
    duplicates: Duplicates = "pay",
    repeats: Repeats = "draw",
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="A setting of the optimizer: key=value; of real training: recipe.key=value."),
    ] = None,
    recipe: Recipe = None,
    device: Device = "cpu",
    workers: Workers = None,
    scheduling: Scheduling = "asynchronous",
    failures: Failures = 0.0,
    objectives: Objectives = None,
    limits: Limits = None,
    executor: Executor = "processes",
    store: Store = None,
    out: Annotated[Path | None, typer.Option(help="Write every trial to this Parquet file.")] = None,
    json: Json = False,
) -> None:
    """Search a benchmark and show what each run chose, by validation, and what that is worth, by test.

    With --benchmark trained:digits:nasbench101 every answer is a real training. Each is kept as it ends, and the same
    command goes on where it was stopped.
    """
    import nasbed
    from nasbed.cli import live
    from nasbed.cli.values import optimizer as make
    from nasbed.core.errors import BadSetting
    from nasbed.core.files import check_place
    from nasbed.core.live import LiveBenchmark
    from nasbed.report.comparison import Comparison
    from nasbed.run.ledger import Budget

    of_training = [pair for pair in set_ or [] if pair.startswith(("recipe.", "skeleton."))]
    method = make(optimizer, [pair for pair in set_ or [] if pair not in of_training])
    answers = _benchmark(benchmark, recipe, of_training, device)
    if out is not None:
        if out.suffix != ".parquet":
            raise BadSetting(f"every trial is written as Parquet; name the file {out.stem}.parquet, not {out.name}")
        check_place(out)
    how: dict[str, Any] = {"runs": runs, "seed": seed, "first_run": first_run, "epochs": epochs}
    how["duplicates"] = duplicates
    simulated = simulation(total_seconds, scheduling, failures, objectives, limits)
    if isinstance(answers, LiveBenchmark):
        if repeats != "draw":
            raise BadSetting("--repeats is for tables; a training that has not been made has no mean")
        if simulated != simulation():
            raise BadSetting(
                f"{answers.name} really trains; --total-seconds, --scheduling, --failures, --objective and --limit "
                "are for tables"
            )
        store = store or live.default_store(optimizer, answers.name, seed)
        how.update(workers=workers, executor=executor)
        history = live.search(method, answers, Budget(evaluations, total_epochs, seconds), store, how)
    else:
        evaluations = default_evaluations(evaluations, total_epochs, seconds, total_seconds)
        with progress("searching") as move:
            history = nasbed.search(
                method,
                answers,
                evaluations=evaluations,
                total_epochs=total_epochs,
                seconds=seconds,
                repeats=repeats,  # type: ignore[arg-type]  # checked where it is used
                workers=workers,
                store=store,
                executor=executor,
                progress=move,
                **simulated,
                **how,
            )
    if out is not None:
        history.to_parquet(out)
    chosen, together = _chosen(history), fronts.trade_offs_of(Comparison({optimizer: history}), answers)
    if json:
        found = {"info": history.info, "optimum": history.optimum, "runs": chosen}
        print_json(found | ({} if together is None else {"trade_offs": fronts.as_dict(together)}))
        return
    _print(optimizer, history, chosen, together)
    if out is not None:
        print(f"every trial: {out}")
    if isinstance(answers, LiveBenchmark):
        print(f"every training: {store}")


def _benchmark(name: str, recipe: str | None, pairs: list[str], device: str) -> Answers:
    """Make the benchmark; settings of training are for one that trains.

    Raises:
        BadSetting: When they are given for another.
    """
    from nasbed.benchmarks.resolve import resolve
    from nasbed.cli.values import training_overrides
    from nasbed.core.errors import BadSetting
    from nasbed.core.live import LiveBenchmark

    found = resolve(name)
    if recipe is None and not pairs and device == "cpu":
        return found
    if not isinstance(found, LiveBenchmark):
        raise BadSetting(
            f"{name} trains nothing; recipes and devices are for benchmarks such as trained:digits:nasbench101"
        )
    if recipe is None and not pairs:
        return resolve(name, device=device)
    if found.measure != "accuracy":
        raise BadSetting(f"{name} trains nothing; recipes are for benchmarks such as trained:digits:nasbench101")
    skeleton, changes = training_overrides(pairs)
    return resolve(name, skeleton=skeleton, recipe=changes, named=recipe, device=device)


def default_evaluations(evaluations: int | None, *others: float | None) -> int | None:
    """Give a budget where neither evaluations nor one of the others was named."""
    return DEFAULT_EVALUATIONS if evaluations is None and all(other is None for other in others) else evaluations


def simulation(
    total_seconds: float | None = None,
    scheduling: str = "asynchronous",
    failures: float = 0.0,
    objectives: list[str] | None = None,
    limits: list[str] | None = None,
) -> dict[str, Any]:
    """Give what a search on a table is told of simulated trainings.

    Raises:
        BadSetting: When a limit is no number.
    """
    from nasbed.cli.values import settings
    from nasbed.core.errors import BadSetting

    for pair in limits or []:
        if "=" not in pair:
            raise BadSetting(f"{pair!r} is not a limit; write it as COST=NUMBER, such as params=1000000")
    most = settings(limits or [])
    for name, limit in most.items():
        if isinstance(limit, bool) or not isinstance(limit, int | float):
            raise BadSetting(f"a limit is a number, such as {name}=1000000, not {limit!r}")
    return {
        "total_seconds": total_seconds,
        "scheduling": scheduling,
        "failures": failures,
        "objectives": tuple(objectives or ()),
        "limits": most,
    }


def _chosen(history: History) -> list[dict[str, Any]]:
    """Give what each run ended with."""
    clocks = {name: history.clock(name)[-1] for name in ("evaluations", "unique", "epochs", "seconds")}
    heard = history.best_value
    worth = {name: history.metric(name)[-1] for name in ("mean-validation", "test", "test-regret")}
    first = int(history.info["first_run"])
    return [
        {
            "run": first + run,
            "architecture": history.space.format(arch) if heard[run] == heard[run] else None,
            "validation": float(heard[run]),
            **{name.replace("-", "_"): float(values[run]) for name, values in worth.items()},
            **{name: float(values[run]) for name, values in clocks.items()},
        }
        for run, arch in enumerate(history.best)
    ]


_SHOWN = 20  # runs; beyond that a table says less than its mean


def _print(optimizer: str, history: History, chosen: list[dict[str, Any]], together: TradeOffs | None) -> None:
    info = history.info
    budget = ", ".join(f"{limit:g} {name}" for name, limit in info["budget"].items() if limit is not None)
    aims = {"objectives": ", ".join(["accuracy", *history.objectives]) if history.objectives else None}
    limits = ", ".join(f"{name} ≤ {limit:,g}" for name, limit in (info.get("limits") or {}).items()) or None
    what = {"optimizer": optimizer, "benchmark": info["benchmark"]["name"], "budget of a run": budget}
    print_facts({**what, **aims, "limits": limits})
    names = {"validation": "validation (heard) %", "mean_validation": "validation (mean) %", "test": "test %"}
    if history.measure != "accuracy":
        names = {"validation": history.measure, "test": "test %"}

    def shown(name: str, value: float) -> str:
        return percent(value) if name != "validation" or history.measure == "accuracy" else f"{value:.6g}"

    if history.optimum[1] == history.optimum[1]:
        names["test_regret"] = "test regret, points"
    clocks = ("evaluations", "seconds")
    rows = [
        [str(run["run"]), *(f"{run[clock]:.0f}" for clock in clocks), *(shown(name, run[name]) for name in names)]
        for run in chosen[:_SHOWN]
    ]
    print()
    print_table(["run", *clocks, *names.values()], rows)
    print()
    if (nothing := fronts.nothing_found(history)) is not None:
        print_text(nothing)
    else:
        print_facts({"chosen by validation": {f"run {run['run']}": run["architecture"] for run in chosen[:_SHOWN]}})
    if len(chosen) > _SHOWN:
        print_text(f"and {len(chosen) - _SHOWN} runs more; --json or --out has them all")
    if len(chosen) > 1:
        means = [
            f"{title} {shown(name, sum(run[name] for run in chosen) / len(chosen))}" for name, title in names.items()
        ]
        print_text("mean of all runs: " + ", ".join(means))
    if chosen[0]["architecture"] is not None:
        where = f"--svg run{chosen[0]['run']}.svg --space {history.space.name}"
        print_text(f"to draw it: nasbed show {shlex.quote(chosen[0]['architecture'])} {where}")
    if together is not None:
        print()
        if len(chosen) > 1:
            fronts.print_shares(together)
            print()
        fronts.print_front(together, optimizer, int(info["first_run"]))
    for warning in history.warnings:
        print_text(f"warning: {warning}")
