"""Networks: blueprints, their data, recipes and training. The one room that needs PyTorch.

Blueprints, recipes and parameter counts are plain data and NumPy: importing them does not import torch.
"""

from typing import TYPE_CHECKING

from nasbed.core.lazy import lazily

if TYPE_CHECKING:
    from nasbed.nets.blueprint import Blueprint as Blueprint, blueprint_of as blueprint_of, network as network
    from nasbed.nets.costs import flops as flops, params as params, peak_memory as peak_memory
    from nasbed.nets.counting import Costs as Costs, count as count
    from nasbed.nets.data.source import Data as Data
    from nasbed.nets.diagnostics import Diagnostics as Diagnostics
    from nasbed.nets.nasbench101 import NASBench101Blueprint as NASBench101Blueprint
    from nasbed.nets.nasbench201 import NASBench201Blueprint as NASBench201Blueprint
    from nasbed.nets.nasbenchmacro import NASBenchMacroBlueprint as NASBenchMacroBlueprint
    from nasbed.nets.natssize import NATSSizeBlueprint as NATSSizeBlueprint
    from nasbed.nets.network_file import load_network as load_network, save_network as save_network
    from nasbed.nets.recipe import Recipe as Recipe
    from nasbed.nets.results import TrainingResult as TrainingResult
    from nasbed.nets.supernet import Supernet as Supernet
    from nasbed.nets.task import Task as Task
    from nasbed.nets.training import train as train, train_repeats as train_repeats
else:
    __getattr__, __dir__ = lazily(__name__)
