"""Spaces: which architectures there are, each as a row of small integers."""

from typing import TYPE_CHECKING

from nasbed.core.lazy import lazily

if TYPE_CHECKING:
    from nasbed.spaces.named_modules import NAMED_MODULES as NAMED_MODULES
    from nasbed.spaces.nasbench101 import NASBench101 as NASBench101
    from nasbed.spaces.nasbench201 import NASBench201 as NASBench201
    from nasbed.spaces.nasbenchmacro import NASBenchMacro as NASBenchMacro
    from nasbed.spaces.natssize import NATSSize as NATSSize
    from nasbed.spaces.product import ProductSpace as ProductSpace
else:
    __getattr__, __dir__ = lazily(__name__)
