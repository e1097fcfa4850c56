"""The ground floor: records, graphs, protocols, registries, locks, randomness. NumPy, numba and filelock only."""

from typing import TYPE_CHECKING

from nasbed.core.home import find_place_for_kernels
from nasbed.core.lazy import lazily

if TYPE_CHECKING:
    from nasbed.core.benchmark import Benchmark as Benchmark
    from nasbed.core.errors import (
        BadSetting as BadSetting,
        CorruptFile as CorruptFile,
        Interrupted as Interrupted,
        InvalidArchitecture as InvalidArchitecture,
        MissingExtra as MissingExtra,
        NasbedError as NasbedError,
        NotInTable as NotInTable,
        UnknownName as UnknownName,
    )
    from nasbed.core.executor import Executor as Executor, Outcome as Outcome
    from nasbed.core.graph import Graph as Graph
    from nasbed.core.live import LiveBenchmark as LiveBenchmark
    from nasbed.core.optimizer import Optimizer as Optimizer
    from nasbed.core.predictor import Predictor as Predictor
    from nasbed.core.proxy import Proxy as Proxy
    from nasbed.core.records import Archs as Archs, Evaluations as Evaluations, Trials as Trials
    from nasbed.core.registry import Registry as Registry
    from nasbed.core.rng import Streams as Streams
    from nasbed.core.seeds import derived_seed as derived_seed
    from nasbed.core.space import Space as Space
    from nasbed.core.store import Store as Store
else:
    __getattr__, __dir__ = lazily(__name__)

find_place_for_kernels()  # before anything imports numba
