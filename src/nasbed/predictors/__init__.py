"""Predictors: how good an architecture will be, learned from those that were trained."""

from typing import TYPE_CHECKING

from nasbed.core.lazy import lazily

if TYPE_CHECKING:
    from nasbed.predictors.auto import Auto as Auto
    from nasbed.predictors.average import Average as Average
    from nasbed.predictors.average import Ensemble as Ensemble
    from nasbed.predictors.borrowed import BayesianRidge as BayesianRidge
    from nasbed.predictors.borrowed import ExtraTrees as ExtraTrees
    from nasbed.predictors.borrowed import Imported as Imported
    from nasbed.predictors.borrowed import LightGBM as LightGBM
    from nasbed.predictors.borrowed import RandomForest as RandomForest
    from nasbed.predictors.borrowed import XGBoost as XGBoost
    from nasbed.predictors.conformal import Conformal as Conformal
    from nasbed.predictors.encoded import EncodedPredictor as EncodedPredictor
    from nasbed.predictors.ensemble import MLPEnsemble as MLPEnsemble
    from nasbed.predictors.gp import GaussianProcess as GaussianProcess
    from nasbed.predictors.graph_network import GraphNetwork as GraphNetwork
    from nasbed.predictors.storing import load as load, save as save
    from nasbed.predictors.trees import TreeEnsemble as TreeEnsemble
else:
    __getattr__, __dir__ = lazily(__name__)
