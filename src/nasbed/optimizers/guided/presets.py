"""Published guided searches as settings of the one that is here; what differs from the publication is said.

References: White, Neiswanger and Savani, "BANANAS", AAAI 2021, https://arxiv.org/abs/1910.11858; Wei, Niu, Tang, Wang,
Hu and Liang, "NPENAS", IEEE Transactions on Neural Networks and Learning Systems 34, 2023,
https://arxiv.org/abs/2003.12857; Ru, Wan, Dong and Osborne, "NAS-BOWL", ICLR 2021, https://arxiv.org/abs/2006.07556;
Hutter, Hoos and Leyton-Brown, "SMAC", LION 5, 2011, and Lindauer et al., "SMAC3", JMLR 23, 2022
"""

from __future__ import annotations

from dataclasses import dataclass

from nasbed.core.bounds import Count
from nasbed.optimizers.guided.acquisition import Acquisition
from nasbed.optimizers.guided.candidates import Candidates
from nasbed.optimizers.guided.guided import Guided
from nasbed.predictors.targets import Transformation


@dataclass(eq=False)
class Bananas(Guided):
    """BANANAS: five networks on paths, a draw for each of 100 mutants of the best, ten at a time.

    As published: networks of 10 layers of 20, the 40 shortest paths, independent Thompson sampling, 10 drawn at first.
    The networks minimise the squared error in place of the absolute one; a space without cells has its own encoding.
    """

    predictor: str = "mlp-ensemble"
    encoding: str = "path:most=40|default"
    target: Transformation = "standardised"
    acquisition: Acquisition = "its"
    candidates: Candidates = "mutants"
    parents: Count = 1
    batch: Count = 10
    fantasies: bool = False
    initial: Count = 10


@dataclass(eq=False)
class NPENAS(Guided):
    """NPENAS: the ten best predicted of 100 mutants of the best.

    As published, but that the Gaussian process on the usual encoding is in the place of a graph network.
    """

    acquisition: Acquisition = "mean"
    candidates: Candidates = "mutants"
    batch: Count = 10
    fantasies: bool = False
    initial: Count = 10


@dataclass(eq=False)
class NASBOWL(Guided):
    """NAS-BOWL: a Gaussian process on Weisfeiler–Lehman histograms, expected improvement, five of 100 mutants a time.

    The histograms are of one round, which is not chosen anew by the likelihood; candidates are mutants, where half of
    those published are drawn; a space without cells has its own encoding.
    """

    encoding: str = "wl:h=1|default"
    candidates: Candidates = "mutants"
    batch: Count = 5
    initial: Count = 30


@dataclass(eq=False)
class SMAC(Guided):
    """SMAC: a random forest on the decisions, expected improvement, neighbours of the best and some that are drawn.

    The forest is that of SMAC3: 10 trees, five sixths of the numbers at each division, at least three in a leaf.
    """

    predictor: str = "random-forest:trees=10,max_features=0.8333,min_samples_leaf=3"
    encoding: str = "onehot"
    candidates: Candidates = "neighbours"
    initial: Count = 10
