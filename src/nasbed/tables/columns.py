"""The columns of a table: those of its own file and those that lie beside it."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from numpy.typing import NDArray

from nasbed.core.errors import CorruptFile, NotInTable, UnknownName
from nasbed.tables.column import Column, Measure
from nasbed.tables.companion import companion_path, find_companions
from nasbed.tables.encoding import Encoding
from nasbed.tables.file import ColumnFile


class TableFile:
    """A table's file and its companions, read column by column.

    Args:
        file: The table's file.
    """

    def __init__(self, file: ColumnFile) -> None:
        self.file = file
        self.path, self.metadata, self.checksum = file.path, file.metadata, file.checksum
        self._columns: dict[str, Column] = {}

    def __len__(self) -> int:
        return len(self.file)

    @cached_property
    def measures(self) -> dict[str, Measure]:
        """What each column that can be read holds, by the column's name."""
        return {
            name: Measure.of(about)
            for name, (_, about) in self._described.items()
            if about["encoding"]["kind"] != "text"
        }

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns of results that can be read, those beside the table included."""
        return tuple(self._described)

    @property
    def attached(self) -> tuple[str, ...]:
        """The names of the columns that were put beside the table after it was made."""
        return tuple(name for name in self._described if name not in self.metadata["columns"])

    @property
    def missing(self) -> dict[str, str]:
        """Columns that the table was written with and that cannot be read, with the reason: their file is not there."""
        described = self.metadata["columns"].items()
        return {name: self.faults[about["beside"]] for name, about in described if name not in self._described}

    @property
    def companions(self) -> dict[str, ColumnFile]:
        """The files that lie beside the table and belong to it, by room."""
        return self._found[0]

    @property
    def faults(self) -> dict[str, str]:
        """Why what should lie beside the table, or does, is not read, by room."""
        return self._found[1]

    @cached_property
    def _found(self) -> tuple[dict[str, ColumnFile], dict[str, str]]:
        return find_companions(self.file)

    @cached_property
    def _described(self) -> dict[str, tuple[ColumnFile, dict[str, Any]]]:
        """The file of each column, and what is said of it, the table's own first."""
        found = {}
        for name, about in self.metadata["columns"].items():
            room = about.get("beside")
            if room is None or room in self.companions:
                found[name] = (self.file if room is None else self.companions[room]), about
        for companion in self.companions.values():
            found |= {name: (companion, about) for name, about in companion.columns.items() if name not in found}
        return found

    def column(self, name: str) -> Column:
        """Return a column of results.

        Raises:
            NotInTable: When a file beside the table that has it, or may have it, is missing or damaged.
            UnknownName: When there is none of that name.
        """
        if name not in self._columns:
            if name in self.missing:
                raise NotInTable(
                    f"{name} of {self.path.name} cannot be read: {self.missing[name]}. Put the file that was "
                    "written with the table beside it again, or make the table anew"
                )
            if name not in self._described and self.faults:
                beside = "; ".join(self.faults.values())
                raise NotInTable(f"no column of {self.path.name} that can be read is called {name!r}: {beside}")
            if name not in self._described:
                raise UnknownName("column of the table", name, self.columns)
            file, about = self._described[name]
            measure, encoding = Measure.of(about), Encoding(**about["encoding"])
            shape = (len(self), *measure.shape) if encoding.kind != "text" else (-1,)
            cold = about.get("cold")
            if not cold and not encoding.level and (found := file.stored(name).array.shape[1:]) != measure.shape:
                raise CorruptFile(f"{self.path}: the column {name} is of the shape {found}, not {measure.shape}")
            load = (lambda: file.thawed(name, encoding, shape)) if cold else (lambda: file.stored(name))
            self._columns[name] = Column(name, measure, encoding, load, about.get("whole", False))
        return self._columns[name]

    def source(self, name: str) -> NDArray[Any]:
        """Return a column of whole numbers that the source of an import has beside its results, such as an order."""
        files = [self.file, *self.companions.values()]
        file = next((file for file in files if name in file), None)
        if file is None:
            raise NotInTable(
                f"{name} of {self.path.name} cannot be read: there is no {companion_path(self.path, 'cold')}"
            )
        return file.array(name)
