"""Tables: what was measured, in one memory-mapped file; and the formats it comes from and goes to."""

from typing import TYPE_CHECKING

from nasbed.core.lazy import lazily

if TYPE_CHECKING:
    from nasbed.tables.cache import table_for as table_for
    from nasbed.tables.column import Column as Column, Measure as Measure, Measurement as Measurement
    from nasbed.tables.exporting import export as export
    from nasbed.tables.table import Table as Table
    from nasbed.tables.writing import Given as Given, attach as attach, write_table as write_table
else:
    __getattr__, __dir__ = lazily(__name__)
