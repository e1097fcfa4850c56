"""Readers of other people's files: pickles and torch storage without running them, TFRecord, NATS-Bench, CSV."""

from typing import TYPE_CHECKING

from nasbed.core.lazy import lazily

if TYPE_CHECKING:
    from nasbed.readers.csv import (
        Declaration as Declaration,
        read_csv as read_csv,
        read_declaration as read_declaration,
    )
    from nasbed.readers.measure import Measure as Measure
    from nasbed.readers.natsbench.published import open_published as open_published
    from nasbed.readers.pickles import RestrictedUnpickler as RestrictedUnpickler, read_pickle as read_pickle
    from nasbed.readers.record import Record as Record
    from nasbed.readers.tfrecord import read_records as read_records
    from nasbed.readers.torch_storage import TorchFile as TorchFile, open_torch as open_torch, read_torch as read_torch
else:
    __getattr__, __dir__ = lazily(__name__)
