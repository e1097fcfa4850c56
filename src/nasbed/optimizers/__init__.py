"""The optimizers: methods that propose and listen, and never evaluate."""

from typing import TYPE_CHECKING

from nasbed.core.lazy import lazily

if TYPE_CHECKING:
    from nasbed.optimizers.borrowed.nevergrad_search import NevergradSearch as NevergradSearch
    from nasbed.optimizers.borrowed.optuna_search import OptunaSearch as OptunaSearch
    from nasbed.optimizers.borrowed.pymoo_search import PymooSearch as PymooSearch
    from nasbed.optimizers.climbing.annealing import SimulatedAnnealing as SimulatedAnnealing
    from nasbed.optimizers.climbing.local import LocalSearch as LocalSearch
    from nasbed.optimizers.evolution import RegularizedEvolution as RegularizedEvolution
    from nasbed.optimizers.evolving.evolutionary import EvolutionaryAlgorithm as EvolutionaryAlgorithm
    from nasbed.optimizers.guided.guided import Guided as Guided
    from nasbed.optimizers.halving.asha import ASHA as ASHA
    from nasbed.optimizers.halving.bohb import BOHB as BOHB
    from nasbed.optimizers.halving.dehb import DEHB as DEHB
    from nasbed.optimizers.halving.halving_search import Hyperband as Hyperband, SuccessiveHalving as SuccessiveHalving
    from nasbed.optimizers.multiobjective.nsga2 import NSGA2 as NSGA2
    from nasbed.optimizers.multiobjective.scalarisation import RandomScalarisation as RandomScalarisation
    from nasbed.optimizers.random import RandomSearch as RandomSearch
    from nasbed.optimizers.reinforce import Reinforce as Reinforce
    from nasbed.optimizers.saving import load as load, save as save
else:
    __getattr__, __dir__ = lazily(__name__)
