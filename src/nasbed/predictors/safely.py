"""Regressors as bytes: skops writes and reads them, and makes only classes that are known to keep plain data."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting
from nasbed.core.extras import require

_KNOWN = (
    *("collections.OrderedDict", "sklearn.tree._tree.Tree"),
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    *(
        "xgboost.core.Booster",
        "xgboost.sklearn.XGBRegressor",
        "lightgbm.basic.Booster",
        "lightgbm.sklearn.LGBMRegressor",
    ),
)
"""Classes that skops does not call safe by itself, and that keep plain data."""


def regressor_bytes(regressor: Any) -> NDArray[np.uint8]:
    """Return a fitted regressor as skops writes it.

    Raises:
        BadSetting: When it is of a class that is not known to be safe.
    """
    skops = require("skops.io", "predictors")
    data = skops.dumps(regressor)
    unknown = sorted(set(skops.get_untrusted_types(data=data)) - set(_KNOWN))
    if unknown:
        raise BadSetting(f"{type(regressor).__name__} is not stored: skops does not know {', '.join(unknown)} as safe")
    return np.frombuffer(data, np.uint8)


def regressor_of(data: NDArray[np.uint8]) -> Any:
    """Return the regressor that ``regressor_bytes`` wrote; no other class is made than those that are known."""
    return require("skops.io", "predictors").loads(data.tobytes(), trusted=list(_KNOWN))
