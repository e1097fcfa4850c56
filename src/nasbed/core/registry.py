"""Registries: what people may name, and where its code is; see ``nasbed.core.naming``."""

from __future__ import annotations

from nasbed.core.naming import Registry as Registry
from nasbed.core.naming import defaults_of as defaults_of

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
        "digits201": "nasbed.benchmarks.resolve:digits201",
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
        "bananas": "nasbed.optimizers.guided.presets:Bananas",
        "bohb": "nasbed.optimizers.halving.bohb:BOHB",
        "filtered": "nasbed.optimizers.guided.filtered:Filtered",
        "guided": "nasbed.optimizers.guided.guided:Guided",
        "guided-hyperband": "nasbed.optimizers.guided.rungs:GuidedHyperband",
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
        "nas-bowl": "nasbed.optimizers.guided.presets:NASBOWL",
        "npenas": "nasbed.optimizers.guided.presets:NPENAS",
        "smac": "nasbed.optimizers.guided.presets:SMAC",
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
predictors = Registry(
    "predictor",
    {
        "auto": "nasbed.predictors.auto:Auto",
        "bayesian-ridge": "nasbed.predictors.borrowed:BayesianRidge",
        "conformal": "nasbed.predictors.conformal:Conformal",
        "default": "nasbed.predictors.average:Average",
        "ensemble": "nasbed.predictors.average:Ensemble",
        "extra-trees": "nasbed.predictors.borrowed:ExtraTrees",
        "gp": "nasbed.predictors.gp:GaussianProcess",
        "graph-network": "nasbed.predictors.graph_network:GraphNetwork",
        "last-value": "nasbed.predictors.ranked:LastValue",
        "lightgbm": "nasbed.predictors.borrowed:LightGBM",
        "mlp-ensemble": "nasbed.predictors.ensemble:MLPEnsemble",
        "random-forest": "nasbed.predictors.borrowed:RandomForest",
        "score": "nasbed.predictors.ranked:Score",
        "sklearn": "nasbed.predictors.borrowed:Imported",
        "sotl": "nasbed.predictors.ranked:SumOfLosses",
        "sotl-e": "nasbed.predictors.ranked:LastLosses",
        "sotl-ema": "nasbed.predictors.ranked:SmoothedLosses",
        "svr": "nasbed.predictors.vectors:SupportVectors",
        "xgboost": "nasbed.predictors.borrowed:XGBoost",
    },
)
encodings = Registry(
    "encoding",
    {
        "columns": "nasbed.encodings.columns:from_table",
        "configspace": "nasbed.encodings.configspace:ConfigSpaceNumbers",
        "costs": "nasbed.encodings.costs:Costs",
        "counts": "nasbed.encodings.counts:Counts",
        "curve": "nasbed.encodings.curves:from_table",
        "depth": "nasbed.encodings.counts:CumulativeDepth",
        "graf": "nasbed.encodings.graf:GRAF",
        "graph": "nasbed.encodings.graph:Graph",
        "onehot": "nasbed.encodings.onehot:OneHot",
        "path": "nasbed.encodings.path:Paths",
        "wl": "nasbed.encodings.wl:WeisfeilerLehman",
    },
    unlisted={"inherited": "nasbed.benchmarks.inherited:InheritedScores"},
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
    max_pool max_pool_3x3 max_pool_5x5 maxpool3x3=max_pool_3x3 mbconv noise none nor_conv_1x1 nor_conv_3x3 nor_conv_5x5
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
