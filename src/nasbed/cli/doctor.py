"""``nasbed doctor``: what there is on this machine, and how to install what is missing."""

from __future__ import annotations

import os
import platform
import re
import shutil
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import nasbed
from nasbed.cli.console import print_facts, print_json, progress
from nasbed.cli.options import Json

_REQUIREMENT = re.compile(r"^\s*([A-Za-z0-9._-]+)[^;]*;?(?:.*extra\s*==\s*['\"]([^'\"]+)['\"])?")
_SYSTEM = re.compile(r"sys_platform\s*([=!])=\s*['\"](\w+)['\"]")
_FOR = {
    "torch": "to train networks and to score them",
    "report": "for figures, pages and pandas' frames",
    "predictors": "for predictors of other libraries",
    "optuna": "for the methods of Optuna",
    "nevergrad": "for the methods of Nevergrad",
    "pymoo": "for the algorithms of pymoo and exact hypervolumes",
    "ray": "for clusters",
    "onnx": "to export networks as ONNX",
}
_WHOLE = ("all", "dev")
"""Extras that are of others."""


def command(json: Json = False) -> None:
    """Show versions, folders, tables, optional packages and the machine, and how to install what is missing."""
    with progress("looking"):  # which imports PyTorch
        found = {
            "nasbed": nasbed.__version__,
            "machine": _machine(),
            "folders": _folders(),
            "tables": _tables(),
            "packages": _packages(),
            "extras": _extras(),
        }
    print_json(found) if json else print_facts(found)


def _machine() -> dict[str, Any]:
    from nasbed.core.executor import usable_cores

    return {
        "python": f"{platform.python_version()} at {sys.executable}",
        "system": platform.platform(),
        "processor": _processor(),
        "cores": usable_cores(),
        "threads": os.environ.get("OMP_NUM_THREADS", "as PyTorch and NumPy choose; OMP_NUM_THREADS is not set"),
        "gpu": _gpu(),
    }


def _processor() -> str:
    """Return the processor's name, by Linux's own list where there is one."""
    listed = Path("/proc/cpuinfo")
    if listed.is_file():
        for line in listed.read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _gpu() -> str:
    """Return what PyTorch could compute on besides the processor."""
    try:
        import torch
    except ImportError:
        return "not known without PyTorch"
    if torch.cuda.is_available():
        return ", ".join(torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count()))
    return "Apple's, as device mps" if torch.backends.mps.is_available() else "none that PyTorch can use"


def _folders() -> dict[str, str]:
    from nasbed.core.home import home

    where = home()
    place = next(folder for folder in (where, *where.parents) if folder.exists())
    room = f"{shutil.disk_usage(place).free / 1e9:,.0f} GB free"
    return {
        "imported tables": f"{where}, {room}; NASBED_HOME moves it",
        "compiled loops": os.environ.get("NUMBA_CACHE_DIR") or "beside the code, or in numba's cache folder",
    }


def _tables() -> dict[str, str]:
    """Return for each table that nasbed knows by name whether it is here, and else how to get it."""
    from nasbed.benchmarks.resolve import resolve
    from nasbed.core.errors import NasbedError

    found = {}
    for name in nasbed.names("benchmarks"):
        try:
            found[name] = f"{len(getattr(resolve(name), 'table', ())):,} architectures"
        except NasbedError as error:
            found[name] = str(error).replace(f"{name} is not on this machine yet: ", "not here; ")
    return found


def _packages() -> dict[str, str]:
    """Return the versions of what nasbed cannot do without."""
    return {name: _version(name) or "missing" for name, extra in _requirements() if not extra}


def _extras() -> dict[str, str]:
    """Return for each extra what of it is there, or how to install it."""
    found = {}
    for extra in dict.fromkeys(extra for _, extra in _requirements() if extra and extra not in _WHOLE):
        needed = [name for name, of in _requirements() if of == extra]
        missing = [name for name in needed if _version(name) is None]
        what = f", {_FOR[extra]}" if extra in _FOR else ""
        line = f"pip install 'nasbed[{extra}]', in a checkout '.[{extra}]'"
        if missing:
            found[extra] = f"lacks {', '.join(missing)}{what}: {line}"
        else:
            found[extra] = ", ".join(f"{name} {_version(name)}" for name in needed)
    return found


def _requirements() -> Iterator[tuple[str, str]]:
    """Give the name of each package that nasbed names for this system, with its extra, empty for none."""
    for text in metadata.requires("nasbed") or ():
        if (system := _SYSTEM.search(text)) and (system[1] == "=") != (system[2] == sys.platform):
            continue
        if match := _REQUIREMENT.match(text):
            yield match[1], match[2] or ""


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
