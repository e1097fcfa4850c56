"""Spaces: which architectures there are, each as a row of small integers."""

from typing import TYPE_CHECKING

from nasbed.core.lazy import lazily

if TYPE_CHECKING:
    from nasbed.spaces.choices import Choices as Choices
    from nasbed.spaces.darts import DARTS as DARTS
    from nasbed.spaces.hierarchical import Hierarchical as Hierarchical
    from nasbed.spaces.mobile import Mobile as Mobile
    from nasbed.spaces.model import ModelSpace as ModelSpace
    from nasbed.spaces.named_modules import NAMED_MODULES as NAMED_MODULES
    from nasbed.spaces.nasbench101 import NASBench101 as NASBench101
    from nasbed.spaces.nasbench201 import NASBench201 as NASBench201
    from nasbed.spaces.nasbenchmacro import NASBenchMacro as NASBenchMacro
    from nasbed.spaces.natssize import NATSSize as NATSSize
    from nasbed.spaces.notation import choice as choice
    from nasbed.spaces.notation import dag as dag
    from nasbed.spaces.notation import depth as depth
    from nasbed.spaces.notation import edges as edges
    from nasbed.spaces.notation import op as op
    from nasbed.spaces.notation import seq as seq
    from nasbed.spaces.notation import subset as subset
    from nasbed.spaces.notation import where as where
    from nasbed.spaces.product import ProductSpace as ProductSpace
    from nasbed.spaces.transnas import TransNASMacro as TransNASMacro
    from nasbed.spaces.transnas import TransNASMicro as TransNASMicro
    from nasbed.spaces.written import WrittenSpace as WrittenSpace
else:
    __getattr__, __dir__ = lazily(__name__)
