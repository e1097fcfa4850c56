"""Flags: the settings of the published scripts, set by a script, on the command line, or through absl.

They are attributes of ``FLAGS``, the one of ``nasbed.compat.nasbench.lib.config``. Where absl is installed they are
defined there too, as published, so that what a script sets by absl (``flagsaver``, say) counts; it is not needed.
"""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from nasbed.compat.nasbench.lib.config import FLAGS, PUBLISHED, build_config
from nasbed.core.errors import NasbedError

try:
    absl_flags: Any = importlib.import_module("absl.flags")
except ImportError:
    absl_flags = None

SETTINGS = {**PUBLISHED, "data_source": "cifar10", "device": "cpu"}
"""What ``build_config`` has: beside the published names what is trained on, and where."""

_DEFINE = {bool: "DEFINE_bool", int: "DEFINE_integer", float: "DEFINE_float", str: "DEFINE_string", list: "DEFINE_list"}


def define(defaults: Mapping[str, Any]) -> None:
    """Add a script's own flags; ones that are there already keep their values."""
    for name, default in defaults.items():
        if not hasattr(FLAGS, name):
            setattr(FLAGS, name, default)
    for name, default in {**SETTINGS, **defaults}.items():
        if absl_flags is not None and name not in absl_flags.FLAGS:
            getattr(absl_flags, _DEFINE[type(default)])(name, default, "see nasbed.compat.nasbench")


def flag(name: str) -> Any:
    """Return the value of a flag."""
    return _of_absl([name]).get(name, getattr(FLAGS, name))


def config() -> dict[str, Any]:
    """Return the settings of ``build_config``, with what was set by absl."""
    return build_config() | _of_absl(SETTINGS)


def _of_absl(names: Iterable[str]) -> dict[str, Any]:
    """Return those of some flags that were set there."""
    if absl_flags is None:
        return {}
    known = {name: absl_flags.FLAGS[name] for name in names if name in absl_flags.FLAGS}
    return {name: one.value for name, one in known.items() if not one.using_default_value}


def read(about: str, defaults: Mapping[str, Any], arguments: Sequence[str] | None) -> None:
    """Set flags from a command line, as ``--name=value`` or ``--name value``; lists have commas between.

    Args:
        about: What ``--help`` says.
        defaults: The flags that it takes.
        arguments: The command line; the program's own if None.
    """
    parser = argparse.ArgumentParser(description=about, allow_abbrev=False, argument_default=argparse.SUPPRESS)
    for name, default in defaults.items():
        kind = type(default)
        parser.add_argument(f"--{name}", type=_READ.get(kind, kind), metavar="VALUE", help=f"{default!r} if not given")
    vars(FLAGS).update(vars(parser.parse_args(arguments)))


def program(main: Callable[[], None]) -> None:
    """Run a script; what nasbed says of a mistake ends it with that sentence alone."""
    try:
        main()
    except NasbedError as error:
        raise SystemExit(f"{error}") from None


def _true_or_false(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise argparse.ArgumentTypeError(f"it is true or false, not {text!r}")
    return text.lower() == "true"


_READ: dict[type, Callable[[str], Any]] = {
    bool: _true_or_false,
    list: lambda text: [part for part in text.split(",") if part],
}
