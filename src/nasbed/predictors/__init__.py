"""Predictors: how good an architecture will be, learned from those that were trained."""

from typing import TYPE_CHECKING

from nasbed.core.lazy import lazily

if TYPE_CHECKING:
    from nasbed.predictors.encoded import EncodedPredictor as EncodedPredictor
    from nasbed.predictors.gp import GaussianProcess as GaussianProcess
else:
    __getattr__, __dir__ = lazily(__name__)
