"""Studies: many searches written down as one, played whole, and held against what was published."""

from typing import TYPE_CHECKING

from nasbed.core.lazy import lazily

if TYPE_CHECKING:
    from nasbed.studies.prediction.study import PredictorStudy as PredictorStudy
    from nasbed.studies.reading import Surface as Surface
    from nasbed.studies.reproduction import Reproduction as Reproduction, reproduce as reproduce
    from nasbed.studies.results import Results as Results
    from nasbed.studies.study import Study as Study
else:
    __getattr__, __dir__ = lazily(__name__)
