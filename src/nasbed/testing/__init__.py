"""The laws of each noun, for whoever adds a member to one.

Check everything at once, or give pytest one test a law:

>>> from nasbed.spaces.nasbench101 import NASBench101
>>> from nasbed.testing import check_space, space_laws
>>> kept = check_space(NASBench101(vertices=4))
>>> len(kept) == len(space_laws)
True
"""

from typing import TYPE_CHECKING

from nasbed.core.lazy import lazily

if TYPE_CHECKING:
    from nasbed.testing.benchmarks import check_benchmark as check_benchmark, benchmark_laws as benchmark_laws
    from nasbed.testing.executors import check_executor as check_executor, executor_laws as executor_laws
    from nasbed.testing.law import DoesNotApply as DoesNotApply, Law as Law, Laws as Laws
    from nasbed.testing.methods import check_method as check_method, method_laws as method_laws
    from nasbed.testing.optimizers import check_optimizer as check_optimizer, optimizer_laws as optimizer_laws
    from nasbed.testing.predictors import check_predictor as check_predictor, predictor_laws as predictor_laws
    from nasbed.testing.proxies import check_proxy as check_proxy, proxy_laws as proxy_laws
    from nasbed.testing.spaces import check_space as check_space, space_laws as space_laws
    from nasbed.testing.stores import check_store as check_store, store_laws as store_laws
else:
    __getattr__, __dir__ = lazily(__name__)
