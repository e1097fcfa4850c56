"""Running things: the search loop and its history, campaigns, stores, executors."""

from typing import TYPE_CHECKING

from nasbed.core.lazy import lazily

if TYPE_CHECKING:
    from nasbed.run.executors.inline import InlineExecutor as InlineExecutor
    from nasbed.run.executors.processes import ProcessExecutor as ProcessExecutor
    from nasbed.run.executors.ray import RayExecutor as RayExecutor
    from nasbed.run.executors.retrying import RetryingExecutor as RetryingExecutor
    from nasbed.run.history import History as History
    from nasbed.run.ledger import Ledger as Ledger
    from nasbed.run.live import search_live as search_live
    from nasbed.run.recorder import Recorder as Recorder
    from nasbed.run.settings import SearchSettings as SearchSettings
    from nasbed.run.stores.memory import MemoryStore as MemoryStore
    from nasbed.run.stores.sqlite import SQLiteStore as SQLiteStore
    from nasbed.run.watching import Status as Status
else:
    __getattr__, __dir__ = lazily(__name__)
