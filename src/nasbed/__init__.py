"""nasbed: a test bed for neural architecture search.

>>> import nasbed
>>> history = nasbed.search("regularized-evolution", "digits101", evaluations=60, runs=20)
>>> history.best_value.shape
(20,)
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from nasbed.making import makes

if TYPE_CHECKING:
    from pathlib import Path

    from nasbed.core.benchmark import Benchmark
    from nasbed.core.optimizer import Optimizer
    from nasbed.core.proxy import Proxy
    from nasbed.core.space import Space
    from nasbed.encodings.joining import Encoding
    from nasbed.nets.blueprint import network
    from nasbed.nets.supernet import Supernet
    from nasbed.nets.task import Task
    from nasbed.playing import compare, search
    from nasbed.predictors.encoded import EncodedPredictor
    from nasbed.run.settings import SearchSettings
    from nasbed.tables.table import Table

__version__ = "0.1.0"
__all__ = [
    "SearchSettings",
    "Task",
    "benchmark",
    "compare",
    "encoding",
    "names",
    "network",
    "optimizer",
    "predictor",
    "proxy",
    "score",
    "search",
    "space",
    "supernet",
    "table",
]


def __getattr__(name: str) -> Any:
    """Import what plays searches when it is first asked for: opening a table needs none of it."""
    if name in ("compare", "search"):
        from nasbed import playing as place
    elif name == "network":
        from nasbed.nets import blueprint as place  # type: ignore[no-redef]
    elif name == "Task":
        from nasbed.nets import task as place  # type: ignore[no-redef]
    elif name == "SearchSettings":
        from nasbed.run import settings as place  # type: ignore[no-redef]
    else:
        raise AttributeError(f"module 'nasbed' has no attribute {name!r}")
    found = globals()[name] = getattr(place, name)
    return found


def __dir__() -> list[str]:
    return sorted((*__all__, "__version__"))


def names(noun: str | None = None) -> dict[str, Any]:
    """Return what there is by name, as ``nasbed list`` prints it: each name with what it stands for, in a line.

    Args:
        noun: ``"spaces"``, ``"benchmarks"``, ``"optimizers"``, ``"proxies"``, …; None for all, by noun.

    Raises:
        BadSetting: When there is no such noun, with those that there are.
    """
    from nasbed.core.errors import BadSetting
    from nasbed.core.registry import NOUNS
    from nasbed.nets.data.sources import SOURCES

    nouns = {**NOUNS, "data": SOURCES}
    if noun is not None and noun not in nouns:
        raise BadSetting(
            f"no noun is called {noun!r}. There are: {', '.join(sorted(nouns))}."
        )  # so few that all are said
    found = {
        which: {name: registry.describe(name).replace("``", "'") for name in registry}
        for which, registry in nouns.items()
        if noun in (None, which)
    }
    return found if noun is None else found[noun]


@makes("spaces")
def space(name: str, **settings: Any) -> Space:
    """Make a search space: ``space("nasbench101", vertices=5)``, which is ``space("nasbench101:vertices=5")``.

    A path that ends with .toml or .json is the file of a written space; ``model.py:build`` a function that builds a
    network of PyTorch and takes its decisions from an argument, which is run (see ``nasbed.nets.model_file``).
    """
    from nasbed.core.registry import spaces

    made: Space = spaces.read(name, settings)
    return made


def table(path: str | Path) -> Table:
    """Open a table file: memory-mapped, in milliseconds. The name of a benchmark opens the table that it answers from.

    Raises:
        BadSetting: When there is no such file.
        CorruptFile: When it is no table, or is damaged.
    """
    from pathlib import Path

    from nasbed.core.registry import benchmarks
    from nasbed.tables.table import Table

    if isinstance(path, str) and not Path(path).exists() and path.partition(":")[0] in benchmarks:
        found: Table = benchmark(path).table
        return found
    return Table.open(path)


@makes("benchmarks")
def benchmark(name: str | Path | Table, /, **settings: Any) -> Benchmark:
    """Make a benchmark from its registered name, a table, or the path of a table or of a published file."""
    from nasbed.benchmarks.resolve import resolve

    return resolve(name, **settings)


@makes("optimizers")
def optimizer(name: str, **settings: Any) -> Optimizer:
    """Make an optimizer, such as ``optimizer("local", restarts=3)``, which is ``optimizer("local:restarts=3")``."""
    from nasbed.core.registry import optimizers

    made: Optimizer = optimizers.read(name, settings)
    return made


@makes("encodings")
def encoding(name: str, space: Space | str) -> Encoding:
    """Make an encoding of architectures as numbers: blocks by name, joined by ``+``, such as ``graf+onehot``.

    Args:
        name: The blocks, with settings if need be, such as ``onehot+wl:h=2``; ``default`` is what suits the space.
        space: The space that the architectures are from, or what spells it.
    """
    from nasbed.core.registry import spaces
    from nasbed.encodings.joining import encoding as make

    return make(name, spaces.read(space) if isinstance(space, str) else space)


@makes("predictors")
def predictor(name: str, space: Space | str, **settings: Any) -> EncodedPredictor:
    """Make a predictor of how good architectures are: ``predictor("gp", space, encoding="graf+onehot")``.

    Args:
        name: A registered name, with settings if need be, such as ``gp:encoding=onehot``.
        space: The space that the architectures are from, or what spells it.
        **settings: Its other settings.
    """
    from nasbed.core.registry import predictors, spaces

    made: EncodedPredictor = predictors.read(
        name, {"space": spaces.read(space) if isinstance(space, str) else space, **settings}
    )
    return made


@makes("proxies")
def proxy(name: str, **settings: Any) -> Proxy:
    """Make a score of untrained networks by its registered name, such as ``proxy("naswot", variant="notebook")``."""
    from nasbed.core.registry import proxies

    made: Proxy = proxies.read(name, settings)
    return made


def score(
    network: Any,
    images: Any,
    labels: Any = None,
    proxies: str | Proxy | Iterable[str | Proxy] = ("naswot",),
    *,
    seed: int = 0,
) -> dict[str, float]:
    """Score an untrained PyTorch network on one batch by several proxies, which share their passes; higher is better.

    Args:
        network: Any ``torch.nn.Module``; left as found.
        images: A tensor or array, ``(batch, channels, height, width)`` or what the network takes.
        labels: The images' classes, ``(batch,)``; needed by proxies that read a loss.
        proxies: Registered names, with settings if need be, or proxies; one, or several.
        seed: Of the proxies that draw noise.

    Returns:
        The scores by the texts that were given, or by a proxy's ``label``.

    Raises:
        BadSetting: When it is no network, or there is no such batch.
        MissingExtra: When PyTorch is not installed.
    """
    from nasbed.core.extras import require

    require("torch", "torch")
    from nasbed.proxies.probe import Probe
    from nasbed.proxies.probe import score as score_probe

    return score_probe(Probe(network, images, labels, seed=seed), proxies)


def supernet(space: Space | str, **settings: Any) -> Supernet:
    """Make one network in which all architectures of a space share their weights; ``nasbed.nets.Supernet`` says how.

    >>> net = nasbed.supernet("nasbench201", channels=8, cells=1)  # doctest: +SKIP
    >>> net(images, net.uniform())  # doctest: +SKIP

    Args:
        space: A space, or what spells one, such as ``nasbench201`` or ``darts:cells=8,channels=16``.
        **settings: ``affine``, whether normalisations of layers that are chosen have a scale and an offset; and those
            of the space's blueprint: ``classes``, ``image_size``, ``image_channels``, and its own, such as
            ``channels=16, cells=5`` for nasbench201.

    Raises:
        BadSetting: When the space has no supernet, as where decisions are numbers in Python code, or no such setting.
        MissingExtra: When PyTorch is not installed.
    """
    from nasbed.core.extras import require
    from nasbed.core.registry import spaces

    require("torch", "torch")
    from nasbed.nets.supernet import Supernet

    return Supernet.of(spaces.read(space) if isinstance(space, str) else space, **settings)
