"""Registries: from a published name to the class that bears it, resolved when first asked for.

A plug-in package adds its own names through entry points, in the group ``nasbed.<noun>s``::

    [project.entry-points."nasbed.spaces"]
    myspace = "mypackage.space:MySpace"
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

from nasbed.core.bounds import check, kinds_of
from nasbed.core.errors import BadSetting, UnknownName, in_a_line, nearest
from nasbed.core.extras import require
from nasbed.core.meaning import summary_of
from nasbed.core.printing import Printed
from nasbed.core.spelling import converted, fitted, joined, pieces
from nasbed.core.spelling import settings as read_settings


@dataclass(eq=False)
class Registry(Printed):
    """Names of one noun, each with the place of its code.

    Attributes:
        noun: What the names name, in the singular: ``"space"``.
        builtin: ``name -> "module:attribute"`` of what nasbed itself brings.
        unlisted: Likewise, of what cannot be made without settings: found by name, but not among the names.
        plural: The noun's plural, which names the entry-point group; with an s when not given.
        extra: The optional package that the code of all of them needs, if any; nasbed's extra has the same name.
        readers: ``module:attribute`` of what makes one of a file, by how its name ends: ``.toml``. A file of Python is
            followed by the name of a function, ``model.py:build``.
    """

    noun: str
    builtin: dict[str, str] = field(default_factory=dict)
    unlisted: dict[str, str] = field(default_factory=dict)
    plural: str = ""
    extra: str = ""
    readers: dict[str, str] = field(default_factory=dict)
    _plugins: dict[str, str] | None = field(default=None, init=False, repr=False)

    def places(self) -> dict[str, str]:
        """Give every name with its place; nasbed's own names win over a plug-in's."""
        if self._plugins is None:
            from importlib.metadata import entry_points  # takes longer to import than a registered name to find

            found = entry_points(group=f"nasbed.{self.plural or self.noun + 's'}")
            self._plugins = {point.name: point.value for point in found}
        return {**self._plugins, **self.builtin}

    def __contains__(self, name: object) -> bool:
        return name in self.builtin or name in self.places()

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self.places()))

    def __getitem__(self, name: str) -> Any:
        """Import and return what the name stands for.

        Raises:
            UnknownName: When no such name is registered, with the nearest one.
            MissingExtra: When the package that all of them need is not installed.
        """
        place = self.builtin.get(name) or self.unlisted.get(name) or self.places().get(name)
        if place is None:
            raise UnknownName(self.noun, name, self.places())
        if self.extra:
            require(self.extra, self.extra)
        return _at(place)

    def make(self, name: str, settings: Mapping[str, Any]) -> Any:
        """Call what the name stands for with settings.

        Raises:
            UnknownName: When no such name is registered.
            BadSetting: When it takes no such setting, with those that it takes, or not such a value.
        """
        return self.call(name, self[name], settings)

    def call(self, name: str, maker: Callable[..., Any], settings: Mapping[str, Any]) -> Any:
        """Call something with settings, as ``make`` does, whether it is registered or not."""
        defaults, kinds, given = defaults_of(maker), kinds_of(maker), dict[str, Any]()
        for key, value in settings.items():
            if key not in defaults:
                has = f"it has: {', '.join(defaults) or 'none'}"
                hint = nearest(key, defaults)
                raise BadSetting(f"the {self.noun} {name!r} has no setting {key!r}; {has}{'. ' * bool(hint)}{hint}")
            if kinds[key] is Any:
                given[key] = fitted(key, value, defaults[key])
                continue
            given[key] = converted(value, defaults[key])
            if given[key] is not None or defaults[key] is not None:
                check(key, given[key], kinds[key])
        return maker(**given)

    def read(self, text: str, settings: Mapping[str, Any] | None = None) -> Any:
        """Make what ``NAME`` or ``NAME:key=value,key=value`` spells, with further settings; see ``core.spelling``.

        Where there are ``readers``, a path that ends as they say is read.

        Raises:
            UnknownName: When no such name is registered.
            BadSetting: As ``make``, for what is no setting, or is given twice, and for what is no text.
        """
        if not isinstance(text, str):
            example = next(iter(self), self.noun)
            hint = f"; to have one of this class, call it: {text.__name__}()" if isinstance(text, type) else ""
            given = in_a_line(text)
            raise BadSetting(f"the {self.noun} is named by a text, such as {example!r}, not by {given}{hint}")
        if reader := self.reader(text):
            if settings:
                raise BadSetting(f"the {self.noun} in {text} has its settings there; it takes no {', '.join(settings)}")
            return _at(reader)(text)
        name, _, inline = text.partition(":")
        found = self[name] and read_settings(pieces(inline) if inline else ())
        given = joined(found, settings or {})
        if name in self.unlisted and not given:
            file = "; name its file, such as space.toml or model.py:build" if self.readers else ""
            raise BadSetting(f"the {self.noun} {name!r} is not made by its name alone{file}")
        return self.make(name, given)

    def reader(self, text: str) -> str | None:
        """Return the place of what reads the file that a text names; None where it names none."""
        path = text.partition(":")[0]
        return next((place for end, place in self.readers.items() if path.endswith(end)), None)

    def describe(self, name: str) -> str:
        """Give the first line of the docstring of what the name stands for, read from its source and not imported."""
        if name not in self:
            raise UnknownName(self.noun, name, self.places())
        found = summary_of(self.places()[name])
        return (self[name].__doc__ or "").strip().split("\n")[0] if found is None else found


def _at(place: str) -> Any:
    """Import what ``module:attribute`` names."""
    module, _, attribute = place.partition(":")
    return attrgetter(attribute)(importlib.import_module(module))


def defaults_of(maker: Any) -> dict[str, Any]:
    """Return the settings that a class or function takes, each with its default; None where it has none."""
    found = {}
    for one in inspect.signature(maker).parameters.values():
        whole = isinstance(one.default, int) and not isinstance(one.default, bool)
        default = float(one.default) if whole and one.annotation in ("float", float) else one.default
        found[one.name] = None if one.default is one.empty else default
    return found


spaces = Registry(
    "space",
    {
        "darts": "nasbed.spaces.darts:DARTS",
        "hierarchical": "nasbed.spaces.hierarchical:Hierarchical",
        "mobile": "nasbed.spaces.mobile:Mobile",
        "nasbench101": "nasbed.spaces.nasbench101:NASBench101",
        "nasbench201": "nasbed.spaces.nasbench201:NASBench201",
        "nasbenchmacro": "nasbed.spaces.nasbenchmacro:NASBenchMacro",
        "natssize": "nasbed.spaces.natssize:NATSSize",
        "transnas-macro": "nasbed.spaces.transnas:TransNASMacro",
        "transnas-micro": "nasbed.spaces.transnas:TransNASMicro",
    },
    unlisted={
        "choices": "nasbed.spaces.choices:Choices",
        "model": "nasbed.spaces.model:ModelSpace",
        "only": "nasbed.spaces.only:Only",
        "written": "nasbed.spaces.written:WrittenSpace",
    },
    readers={
        ".toml": "nasbed.spaces.written:WrittenSpace.open",
        ".json": "nasbed.spaces.written:WrittenSpace.open",
        ".py": "nasbed.nets.model_file:read",
    },
)
networks = Registry(
    "network",
    {
        "model": "nasbed.nets.model:ModelBlueprint",
        "nasbench101": "nasbed.nets.nasbench101:NASBench101Blueprint",
        "nasbench201": "nasbed.nets.nasbench201:NASBench201Blueprint",
        "nasbenchmacro": "nasbed.nets.nasbenchmacro:NASBenchMacroBlueprint",
        "natssize": "nasbed.nets.natssize:NATSSizeBlueprint",
        "transnas-macro": "nasbed.nets.transnas:TransNASMacroBlueprint",
        "transnas-micro": "nasbed.nets.transnas:TransNASMicroBlueprint",
        "written": "nasbed.nets.written:WrittenBlueprint",
    },
)
benchmarks = Registry(
    "benchmark",
    {
        "digits101": "nasbed.benchmarks.resolve:digits101",
        "nasbench101": "nasbed.benchmarks.resolve:nasbench101",
        "nasbench201": "nasbed.benchmarks.resolve:nasbench201",
        "nasbenchmacro": "nasbed.benchmarks.resolve:nasbenchmacro",
        "natssize": "nasbed.benchmarks.resolve:natssize",
        "transnas-macro": "nasbed.benchmarks.resolve:transnas_macro",
        "transnas-micro": "nasbed.benchmarks.resolve:transnas_micro",
    },
    unlisted={"table": "nasbed.benchmarks.table:TableBenchmark"},
)
optimizers = Registry(
    "optimizer",
    {
        "asha": "nasbed.optimizers.halving.asha:ASHA",
        "bohb": "nasbed.optimizers.halving.bohb:BOHB",
        "guided": "nasbed.optimizers.guided.guided:Guided",
        "dehb": "nasbed.optimizers.halving.dehb:DEHB",
        "successive-halving": "nasbed.optimizers.halving.halving_search:SuccessiveHalving",
        "hyperband": "nasbed.optimizers.halving.halving_search:Hyperband",
        "random": "nasbed.optimizers.random:RandomSearch",
        "regularized-evolution": "nasbed.optimizers.evolution:RegularizedEvolution",
        "evolutionary": "nasbed.optimizers.evolving.evolutionary:EvolutionaryAlgorithm",
        "local": "nasbed.optimizers.climbing.local:LocalSearch",
        "simulated-annealing": "nasbed.optimizers.climbing.annealing:SimulatedAnnealing",
        "reinforce": "nasbed.optimizers.reinforce:Reinforce",
        "nsga2": "nasbed.optimizers.multiobjective.nsga2:NSGA2",
        "scalarisation": "nasbed.optimizers.multiobjective.scalarisation:RandomScalarisation",
        "optuna": "nasbed.optimizers.borrowed.optuna_search:OptunaSearch",
        "nevergrad": "nasbed.optimizers.borrowed.nevergrad_search:NevergradSearch",
        "pymoo": "nasbed.optimizers.borrowed.pymoo_search:PymooSearch",
    },
)
stores = Registry(
    "store",
    {
        "sqlite": "nasbed.run.stores.sqlite:SQLiteStore",
        "memory": "nasbed.run.stores.memory:MemoryStore",
    },
)
executors = Registry(
    "executor",
    {
        "inline": "nasbed.run.executors.inline:InlineExecutor",
        "processes": "nasbed.run.executors.processes:ProcessExecutor",
        "ray": "nasbed.run.executors.ray:RayExecutor",
    },
)
predictors = Registry("predictor", {"gp": "nasbed.predictors.gp:GaussianProcess"})
encodings = Registry(
    "encoding",
    {
        "columns": "nasbed.encodings.columns:from_table",
        "counts": "nasbed.encodings.counts:Counts",
        "depth": "nasbed.encodings.counts:CumulativeDepth",
        "graf": "nasbed.encodings.graf:GRAF",
        "onehot": "nasbed.encodings.onehot:OneHot",
        "path": "nasbed.encodings.path:Paths",
        "wl": "nasbed.encodings.wl:WeisfeilerLehman",
    },
)
proxies = Registry(
    "proxy",
    {
        "fisher": "nasbed.proxies.saliency:Fisher",
        "flops": "nasbed.proxies.flops:FLOPs",
        "grad_norm": "nasbed.proxies.saliency:GradientNorm",
        "grasp": "nasbed.proxies.saliency:GraSP",
        "l2_norm": "nasbed.proxies.saliency:L2Norm",
        "params": "nasbed.proxies.flops:Parameters",
        "plain": "nasbed.proxies.saliency:Plain",
        "snip": "nasbed.proxies.saliency:SNIP",
        "synflow": "nasbed.proxies.saliency:SynFlow",
        "epe_nas": "nasbed.proxies.epe_nas:EPENAS",
        "jacov": "nasbed.proxies.jacov:JacobianCovariance",
        "naswot": "nasbed.proxies.naswot:NASWOT",
        "zen": "nasbed.proxies.zen:Zen",
    },
    plural="proxies",
    extra="torch",
)
_LAYERS = """
    attention avg_pool avg_pool_3x3 avg_pool_5x5 batch_norm conv conv1x1-bn-relu=conv_1x1 conv1x1=nor_conv_1x1
    conv3x3-bn-relu=conv_3x3 conv3x3=nor_conv_3x3 conv_1x1 conv_3x3 conv_5x5 conv_7x7 deep_stem depthwise
    depthwise_conv_3x3 depthwise_conv_5x5 dil_conv dil_conv_3x3 dil_conv_5x5 halve head identity=skip_connect keep
    max_pool max_pool_3x3 max_pool_5x5 maxpool3x3=max_pool_3x3 mbconv none nor_conv_1x1 nor_conv_3x3 nor_conv_5x5
    nor_conv_7x7 patches project reduction relu relu_conv_bn residual sep_conv sep_conv_3x3 sep_conv_5x5 sep_conv_7x7
    separable separable_conv_3x3 separable_conv_5x5 skip skip_connect stem transformer widen
    widen-and-halve=widen_and_halve zero=none
"""
_MADE = (one.partition("=") for one in _LAYERS.split())
layers = Registry("layer", {one: f"nasbed.nets.written_layers:{made or one}" for one, _, made in _MADE}, extra="torch")
"""What makes the layers of written spaces, by the names that expressions call them by."""
observed = Registry(
    "cost",
    {"peak_memory": "nasbed.nets.observing:peak_memories", "torch": "nasbed.nets.observing:operations_by_torch"},
    plural="observed",
    extra="torch",
)
"""Costs for which the networks of a blueprint are built, without weights."""
passing = Registry(
    "layer",
    dict.fromkeys(("none", "zero"), "nasbed.spaces.passing:nothing")
    | dict.fromkeys(("skip_connect", "skip", "identity"), "nasbed.spaces.passing:unchanged"),
    plural="passing",
)
"""Layers of written spaces that pass on nothing, or what they read; all others change it."""
predicates = Registry("predicate")
"""Constraints of written spaces, by the names that files call them."""

NOUNS = {
    "spaces": spaces,
    "benchmarks": benchmarks,
    "optimizers": optimizers,
    "predictors": predictors,
    "encodings": encodings,
    "proxies": proxies,
    "stores": stores,
    "executors": executors,
}
"""What people may name, by the noun's plural."""

reports = Registry(
    "report",
    {
        "history": "nasbed.report.figures:course_of",
        "course": "nasbed.report.figures:shown",
        "summary": "nasbed.report.words:summary",
        "headline": "nasbed.report.words:headline",
        "comparison": "nasbed.report.folder:save",
        "page": "nasbed.report.page.page:write",
        "correlation": "nasbed.report.correlation:save",
        "landscape": "nasbed.landscape.figures:save",
        "agreement": "nasbed.report.correlation:overview",
        "coefficients": "nasbed.report.correlation:coefficient_rows",
        "separation": "nasbed.report.statistics_figures:separation",
        "interquartile-means": "nasbed.report.statistics_figures:interquartile",
        "optimality-gaps": "nasbed.report.statistics_figures:gaps",
        "profiles": "nasbed.report.statistics_figures:profiles",
        "relative-improvements": "nasbed.report.statistics_figures:relative",
        "areas": "nasbed.report.statistics_figures:areas",
        "ranks": "nasbed.report.statistics_figures:critical_difference",
        "improvement": "nasbed.report.statistics_figures:improvement",
        "signed-ranks": "nasbed.report.statistics_figures:signed",
        "equivalence": "nasbed.report.statistics_figures:equivalence",
        "runs-needed": "nasbed.report.statistics_figures:needed",
        "trade-offs": "nasbed.report.statistics_figures:shares",
        "targets": "nasbed.report.statistics_figures:reached",
        "winners-curse": "nasbed.report.statistics_figures:curse",
        "fresh-seed": "nasbed.report.statistics_figures:fresh",
    },
)
"""What is written of results: statistics are below the room that draws them, so they ask for it by name."""
