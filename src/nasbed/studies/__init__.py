"""Studies: many searches written down as one, played whole, and held against what was published."""

from nasbed.studies.reading import Surface
from nasbed.studies.results import Results
from nasbed.studies.study import Study

__all__ = ["Results", "Study", "Surface"]
