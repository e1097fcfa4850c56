"""Compat: published programming interfaces over nasbed's tables, so that scripts run on unchanged."""

from typing import TYPE_CHECKING

from nasbed.core.lazy import lazily

if TYPE_CHECKING:
    from nasbed.compat import nasbench as nasbench, nats_bench as nats_bench, optuna as optuna
else:
    __getattr__, __dir__ = lazily(__name__)
