"""``nasbed search``: one method, one benchmark, any number of runs."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nasbed.cli import fronts
from nasbed.cli.console import (
    is_quiet,
    print_facts,
    print_json,
    print_note,
    print_table,
    print_text,
    print_warnings,
    progress,
)
from nasbed.cli.door import same_command
from nasbed.cli.options import Json, Log, RedoDamaged
from nasbed.cli.searching import Given, budgeted, search_options
from nasbed.cli.words import shown, standing
from nasbed.core.errors import BadSetting, Interrupted, NothingTrained, NotJudged
from nasbed.core.registry import spaces
from nasbed.run.settings import SearchSettings, in_words

if TYPE_CHECKING:
    from nasbed.core.benchmark import Benchmark
    from nasbed.core.live import LiveBenchmark
    from nasbed.core.optimizer import Optimizer
    from nasbed.run.history import History
    from nasbed.run.watching import Status
    from nasbed.statistics.pareto_comparison import TradeOffs


@search_options(SearchSettings())
def command(
    optimizer: Annotated[str, typer.Argument(help="A name, with settings if need be: NAME:key=value,key=value.")],
    given: Given,
    benchmark: Annotated[
        str,
        typer.Option(
            help="A name, a table's path, trained:DATA:SPACE, scored:FILE:PROXY, surrogate:FILE or inherited:FILE."
        ),
    ] = "digits101",
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="A setting of the optimizer: key=value; of real training: recipe.key=value."),
    ] = None,
    recipe: Annotated[str | None, typer.Option(help="Real training: a recipe's name, or a TOML file.")] = None,
    device: Annotated[str, typer.Option(help="Real training: on what; cpu, cuda, …")] = "cpu",
    executor: Annotated[
        str | None, typer.Option(help="Real training: where; 'nasbed list executors'.", show_default="processes")
    ] = None,
    store: Annotated[
        Path | None, typer.Option(help="Real training: the file that keeps it; named for the search if not given.")
    ] = None,
    retry: Annotated[bool, typer.Option("--retry", help="Real training: try again what was given up.")] = False,
    redo_damaged: RedoDamaged = False,
    out: Annotated[Path | None, typer.Option(help="Write every trial to this Parquet file.")] = None,
    log: Log = None,
    json: Json = False,
) -> None:
    """Search a benchmark and show what each run chose, by validation, and what that is worth, by test.

    With --benchmark trained:digits:nasbench101 every answer is a real training. Each is kept as it ends, and the same
    command goes on where it was stopped.
    """
    import nasbed
    from nasbed.core.files import check_form
    from nasbed.core.registry import optimizers
    from nasbed.core.spelling import settings as settings_of
    from nasbed.statistics.comparison import Comparison

    of_training = [pair for pair in set_ or [] if pair.startswith(("recipe.", "skeleton."))]
    method = optimizers.read(optimizer, settings_of(pair for pair in set_ or [] if pair not in of_training))
    answers = _benchmark(benchmark, recipe, of_training, device)
    if out is not None:
        check_form(out, "every trial", "Parquet", ".parquet")
    where: dict[str, Any] = {"executor": executor, "redo_damaged": redo_damaged, "retry": retry, "log": log}
    if answers.live is not None:
        settings = SearchSettings().but(given)
        store = store or default_store(optimizer, answers.name, settings.seed)
        history = _searched_live(method, answers.live, settings, store, where)
    else:
        settings = SearchSettings().but(budgeted(given))
        try:
            with progress("searching") as move:
                history = nasbed.search(
                    method,
                    answers,
                    settings,
                    store=store,
                    progress=lambda status: move(status.share, standing(status, answers)),
                    **where,
                )
        except NotJudged as error:
            if out is not None:
                error.histories[""].to_parquet(out)
            raise
    if out is not None:
        history.to_parquet(out)
    chosen, together = _chosen(history), fronts.trade_offs_of(Comparison({optimizer: history}), answers)
    if json:
        found = {"info": history.info, "optimum": history.optimum, "runs": chosen}
        print_json(found | ({} if together is None else {"trade_offs": fronts.as_dict(together)}))
    else:
        _print(optimizer, history, chosen, together)
        if out is not None:
            print_note(f"every trial: {out}")
        if log is not None:
            print_note(f"a line an evaluation: {log}")
        if answers.live is not None:
            print_note(f"every training: {store}")
    failed = history.info.get("failed", {})
    why = f"; the first because: {failed['first']}" if failed else ""
    if nothing := fronts.nothing_came(history):
        raise NothingTrained(f"{nothing}{why}")
    if failed and not json:
        print(f"{failed['trainings']:,} trainings were given up; --retry tries them again{why}")


def _benchmark(name: str, recipe: str | None, pairs: list[str], device: str) -> Benchmark:
    """Make the benchmark; settings of training are for one that trains.

    Raises:
        BadSetting: When they are given for another.
    """
    from nasbed.benchmarks.resolve import resolve
    from nasbed.cli.values import training_overrides

    found = resolve(name)
    of_training = recipe is not None or bool(pairs)
    if not of_training and device == "cpu":
        return found
    if found.live is None or (of_training and not found.live.trains):
        what = "recipes and devices" if found.live is None else "recipes"
        raise BadSetting(f"{name} trains nothing; {what} are for benchmarks such as trained:digits:nasbench101")
    if not of_training:
        return resolve(name, device=device)
    skeleton, changes = training_overrides(pairs)
    return resolve(name, skeleton=skeleton, recipe=changes, named=recipe, device=device)


def default_store(optimizer: str, benchmark: str, seed: int) -> Path:
    """Name the file that keeps a search, in the current folder, after what was searched and how."""
    return Path("-".join(re.sub(r"[^\w.]+", "-", text) for text in (benchmark, optimizer, f"seed{seed}")) + ".sqlite")


def _searched_live(
    optimizer: Optimizer, benchmark: LiveBenchmark, settings: SearchSettings, store: Path, where: dict[str, Any]
) -> History:
    """Search, saying where the trainings are kept and, when it is interrupted, what goes on with them."""
    import nasbed

    begun = False
    try:
        with progress("searching") as move:

            def watch(status: Status) -> None:
                nonlocal begun
                if not begun and not is_quiet():
                    print(f"every {'training' if benchmark.trains else 'score'} is kept in {store}", file=sys.stderr)
                begun = True
                move(status.share, standing(status, benchmark))

            return nasbed.search(optimizer, benchmark, settings, store=store, progress=watch, **where)
    except Interrupted as error:
        raise Interrupted(f"{error}: {same_command()}") from None
    except KeyboardInterrupt:  # before the search had begun
        raise Interrupted(
            f"interrupted; what was trained is kept in {store}, and this goes on: {same_command()}"
        ) from None


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
    aims = {"objectives": ", ".join([history.measure, *history.objectives]) if history.objectives else None}
    limits = ", ".join(f"{name} ≤ {limit:,g}" for name, limit in (info.get("limits") or {}).items()) or None
    what = {"optimizer": optimizer, "benchmark": info["benchmark"]["name"], "budget of a run": in_words(info["budget"])}
    refused = None if history.refused is None else f"{int(history.refused.sum()):,}, before anything was paid"
    if sum(unsupported := info.get("refused", {}).get("unsupported", [])):
        refused = f"{refused}; {sum(unsupported):,} of them for a cost that is not supported"
    print_facts({**what, **aims, "limits": limits, "refused": refused})
    split = history.split
    names = {"validation": f"{split} (heard) %", "mean_validation": f"{split} (mean) %"}
    if history.measure != "accuracy":
        names = {"validation": history.measure}
    names["test"] = "test %" if history.tested == "accuracy" else f"test {history.tested}"
    if history.optimum[1] == history.optimum[1]:
        names["test_regret"] = "test regret, points" if history.tested == "accuracy" else "test regret"
    measures = {name: history.tested if name.startswith("test") else history.measure for name in names}
    clocks = ("evaluations", "seconds")
    rows = [
        [
            str(run["run"]),
            *(f"{run[clock]:,.0f}" for clock in clocks),
            *(shown(run[name], measures[name]) for name in names),
        ]
        for run in chosen[:_SHOWN]
    ]
    print()
    print_table(["run", *clocks, *names.values()], rows)
    print()
    if (nothing := fronts.nothing_found(history)) is not None:
        print_text(nothing)
    else:
        print_facts({f"chosen by {split}": {f"run {run['run']}": run["architecture"] for run in chosen[:_SHOWN]}})
    if len(chosen) > _SHOWN:
        print_note(f"and {len(chosen) - _SHOWN:,} runs more; --json or --out has them all")
    if len(chosen) > 1:
        means = [
            f"{title} {shown(sum(run[name] for run in chosen) / len(chosen), measures[name])}"
            for name, title in names.items()
        ]
        print_text("mean of all runs: " + ", ".join(means))
    if chosen[0]["architecture"] is not None and history.space.whole.name in spaces:
        where = f"--svg run{chosen[0]['run']}.svg --space {history.space.whole.name}"
        print_note(f"to draw it: nasbed show {shlex.quote(chosen[0]['architecture'])} {where}")
    if together is not None:
        print()
        if len(chosen) > 1:
            fronts.print_shares(together)
            print()
        fronts.print_front(together, optimizer, int(info["first_run"]))
    print_warnings([*history.warnings, *history.notes])
