"""Options: every setting of a search as an option of a command, made of ``SearchSettings`` itself."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Collection
from functools import cache
from typing import Annotated, Any

import typer

from nasbed.cli.options import with_parameters
from nasbed.core.bounds import kinds_of, number_in
from nasbed.core.errors import BadSetting
from nasbed.run.settings import BUDGETS, NAMES, SearchSettings

DEFAULT_EVALUATIONS = 200
"""The budget of a run when none is named. Evolution begins to differ from random search once its population is full."""

_PANELS = {
    "Runs": ("runs", "first_run", "seed"),
    "Budget of a run": BUDGETS,
    "Costs and limits": ("objectives", "limits", "absent"),
    "Workers": ("workers", "scheduling", "failures"),
}
"""The titles under which the help has the settings of a search; all others are rules."""

Given = dict[str, Any]
"""The settings of a search that were typed, by name."""

_Command = Callable[..., None]


def search_options(usual: SearchSettings, without: Collection[str] = ()) -> Callable[[_Command], _Command]:
    """Let a command that takes ``given`` have an option for each setting of a search.

    Args:
        usual: What the settings are that are not typed; the help says so.
        without: Settings that get no option.
    """
    names = [name for name in NAMES if name not in without]

    def decorated(command: _Command) -> _Command:
        def searching(**typed: Any) -> None:
            command(given=_given({name: typed.pop(name) for name in names}), **typed)

        shown = inspect.signature(command, eval_str=True)
        parameters: list[inspect.Parameter] = []
        for one in shown.parameters.values():
            parameters += [_option(name, one, usual) for name in names] if one.name == "given" else [one]
        return with_parameters(searching, parameters, command)

    return decorated


def _option(name: str, place: inspect.Parameter, usual: SearchSettings) -> inspect.Parameter:
    default = getattr(usual, name)
    kind: Any = (number_in(kinds_of(SearchSettings)[name]) or str) | None
    several = isinstance(default, tuple | dict)
    said: Any = f"{DEFAULT_EVALUATIONS} if no budget is given" if name == "evaluations" else str(default)
    option = typer.Option(
        f"--{(name.removesuffix('s') if several else name).replace('_', '-')}",
        help=_meaning()[name] + " NAME=NUMBER." * isinstance(default, dict) + " Again for more." * several,
        show_default=said if said and not several and said != "None" else False,
        rich_help_panel=next((title for title, names in _PANELS.items() if name in names), "Rules"),
    )
    return place.replace(name=name, default=None, annotation=Annotated[list[str] | None if several else kind, option])


@cache
def _meaning() -> dict[str, str]:
    """Read what each setting means where it is said: in the docstring of ``SearchSettings``."""
    told = inspect.cleandoc(SearchSettings.__doc__ or "").partition("Attributes:")[2].partition("Raises:")[0]
    found = re.findall(r"^ {4}(\w+): (.*?)(?=^ {4}\w|\Z)", told, re.MULTILINE | re.DOTALL)
    return dict.fromkeys(NAMES, "") | {name: " ".join(text.split()) for name, text in found}


def _given(typed: Given) -> Given:
    """Leave out what was not typed, and read limits.

    Raises:
        BadSetting: When a limit is none.
    """
    from nasbed.core.spelling import settings

    for pair in typed.get("limits") or []:
        if "=" not in pair:
            raise BadSetting(f"{pair!r} is not a limit; write it as COST=NUMBER, such as params=1000000")
    given = {name: value for name, value in typed.items() if value not in (None, [])}
    if "limits" in given:
        given["limits"] = settings(given["limits"])
    return given


def budgeted(given: Given) -> Given:
    """Give a budget where none was typed."""
    return given if any(name in given for name in BUDGETS) else {**given, "evaluations": DEFAULT_EVALUATIONS}
