"""Statistics: comparisons of many searches, and the numbers that come of them; draws nothing."""

from typing import TYPE_CHECKING

from nasbed.core.lazy import lazily

if TYPE_CHECKING:
    from nasbed.statistics.anytime import AnytimeAreas as AnytimeAreas, anytime_areas as anytime_areas
    from nasbed.statistics.comparison import Comparison as Comparison, compare as compare
    from nasbed.statistics.correlation import Correlation as Correlation, correlate as correlate
    from nasbed.statistics.curse import WinnersCurse as WinnersCurse, winners_curse as winners_curse
    from nasbed.statistics.equivalence import Equivalences as Equivalences, equivalences as equivalences
    from nasbed.statistics.fresh import FreshSeed as FreshSeed, fresh_seed as fresh_seed
    from nasbed.statistics.improvement import Improvements as Improvements, improvements as improvements
    from nasbed.statistics.improvement import probability_of_improvement as probability_of_improvement
    from nasbed.statistics.interquartile import InterquartileMeans as InterquartileMeans
    from nasbed.statistics.interquartile import interquartile_means as interquartile_means
    from nasbed.statistics.needed import RunsNeeded as RunsNeeded, runs_needed as runs_needed
    from nasbed.statistics.pareto import Fronts as Fronts, Scale as Scale, exact_front as exact_front
    from nasbed.statistics.pareto_comparison import TradeOffs as TradeOffs, trade_offs as trade_offs
    from nasbed.statistics.profiles import OptimalityGaps as OptimalityGaps, optimality_gaps as optimality_gaps
    from nasbed.statistics.profiles import PerformanceProfiles as PerformanceProfiles
    from nasbed.statistics.profiles import performance_profiles as performance_profiles
    from nasbed.statistics.random_search import expected_best as expected_best
    from nasbed.statistics.ranks import AverageRanks as AverageRanks, average_ranks as average_ranks
    from nasbed.statistics.ranks_signed import SignedRanks as SignedRanks, signed_ranks as signed_ranks
    from nasbed.statistics.reading import read as read
    from nasbed.statistics.relative import RelativeImprovements as RelativeImprovements
    from nasbed.statistics.relative import relative_improvements as relative_improvements
    from nasbed.statistics.separation import Separation as Separation
    from nasbed.statistics.statistic import Interval as Interval, Quantity as Quantity, Statistic as Statistic
    from nasbed.statistics.targets import Targets as Targets, times_to_targets as times_to_targets
    from nasbed.statistics.truth import Truth as Truth
    from nasbed.statistics.volume import hypervolume as hypervolume
else:
    __getattr__, __dir__ = lazily(__name__)
