"""Benchmarks: tables, scores and real training behind one question."""

from typing import TYPE_CHECKING

from nasbed.core.lazy import lazily

if TYPE_CHECKING:
    from nasbed.benchmarks.function import FunctionBenchmark as FunctionBenchmark
    from nasbed.benchmarks.scored import ScoredBenchmark as ScoredBenchmark, ScoringBenchmark as ScoringBenchmark
    from nasbed.benchmarks.surrogate import SurrogateBenchmark as SurrogateBenchmark
    from nasbed.benchmarks.table import TableBenchmark as TableBenchmark
    from nasbed.benchmarks.trained import TrainedBenchmark as TrainedBenchmark
else:
    __getattr__, __dir__ = lazily(__name__)
