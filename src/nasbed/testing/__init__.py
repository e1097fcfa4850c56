"""The laws of each noun, for whoever adds a member to one.

Check everything at once, or give pytest one test a law:

>>> from nasbed.spaces.nasbench101 import NASBench101
>>> from nasbed.testing import check_space, space_laws
>>> kept = check_space(NASBench101(vertices=4))
>>> len(kept) == len(space_laws)
True
"""

from nasbed.testing.benchmarks import benchmark_laws
from nasbed.testing.executors import executor_laws
from nasbed.testing.law import DoesNotApply, Law, Laws
from nasbed.testing.optimizers import optimizer_laws
from nasbed.testing.proxies import proxy_laws
from nasbed.testing.spaces import space_laws
from nasbed.testing.stores import store_laws

check_space = space_laws.check
check_benchmark = benchmark_laws.check
check_optimizer = optimizer_laws.check
check_store = store_laws.check
check_executor = executor_laws.check
check_proxy = proxy_laws.check

__all__ = [
    "DoesNotApply",
    "Law",
    "Laws",
    "benchmark_laws",
    "check_benchmark",
    "check_executor",
    "check_optimizer",
    "check_proxy",
    "check_space",
    "check_store",
    "executor_laws",
    "optimizer_laws",
    "proxy_laws",
    "space_laws",
    "store_laws",
]
