"""Landscapes: what a space and a table look like to a search that moves from neighbour to neighbour."""

from typing import TYPE_CHECKING

from nasbed.core.lazy import lazily

if TYPE_CHECKING:
    from nasbed.landscape.landscape import Landscape as Landscape, Neighbourhood as Neighbourhood
    from nasbed.landscape.measures import (
        Autocorrelation as Autocorrelation,
        FitnessDistance as FitnessDistance,
        Surroundings as Surroundings,
        random_walks as random_walks,
    )
    from nasbed.landscape.optima import LocalOptima as LocalOptima
    from nasbed.landscape.study import LandscapeStudy as LandscapeStudy
else:
    __getattr__, __dir__ = lazily(__name__)
