"""Supernets: one network in which all architectures of a space share their weights.

What it computes is a pure function of images, weights and coefficients, one number for each value of each decision:
each part that is decided is the sum of what its options compute, times their coefficients. With the coefficients of one
architecture, 1 for what it chooses and 0 for all else, that is the architecture's own network; what counts 0 is not
computed.

Reference: Liu et al., "DARTS: Differentiable Architecture Search", ICLR 2019, https://arxiv.org/abs/1806.09055, for
sums on edges; Cai et al., "Once-for-All", ICLR 2020, https://arxiv.org/abs/1908.09791, for weights that are sliced.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from nasbed.core.errors import BadSetting, InvalidArchitecture
from nasbed.core.printing import Card, Printed
from nasbed.core.records import Archs, Decision
from nasbed.core.space import Space
from nasbed.nets.blueprint import Blueprint, blueprint_of, checked_row
from nasbed.nets.exploring import Explorer
from nasbed.nets.fusing import Fuser
from nasbed.nets.mixing import Mixer, Run
from nasbed.nets.opening import Mix, Opener, Support
from nasbed.nets.plan import Planned, PlannedMix, PlannedPartial
from nasbed.nets.planning import Planner
from nasbed.nets.sharing import SharedLayers, Stand, stands
from nasbed.nets.summing import Scales
from nasbed.nets.written import WrittenBlueprint
from nasbed.spaces.expression import Expression
from nasbed.spaces.written import WrittenSpace

Coefficients = Sequence[Tensor]
"""For each decision of the space one number for each of its values, ``(values,)``."""

_KEPT = 16
"""So many ways to compute, by which values count, are kept."""


class Supernet(Printed, nn.Module):
    """All networks of a space in one, which share their weights.

    ``net(images, coefficients)`` gives logits, ``(batch, classes)``. A decision that is used in several places is one
    vector of coefficients; one that nothing reads, since what leads to it counts 0, does not matter. Coefficients may
    be any numbers: what they sum to is a method's affair.

    Options of a choice have weights of their own at each place; depths, and settings of layers that are decided, share
    one weight, of which smaller ones read the first channels and the centre of the kernel. Normalisations read the
    batch, in training and, unless averages are ``tracked``, in evaluation. Those of layers that are chosen have neither
    scale nor offset.

    Args:
        blueprint: How the space's architectures become networks.
        affine: Whether normalisations of layers that are chosen have a scale and an offset.
        fused: Whether what options have in common is computed once: the same function; see ``nasbed.nets.fusing``.
        tracked: Whether normalisations track averages in training and read these in evaluation. They are averages over
            all that was computed in training, of no architecture.
        share: Options on the edges of cells read one channel in so many, the others pass by them, and all are shuffled,
            as in PC-DARTS. Such weights are those of no architecture's network.

    Raises:
        BadSetting: When the space's networks have no layers that could share weights, layers of several sizes share
            weights and averages are tracked, or edges have not such a number of channels.
    """

    def __init__(
        self, blueprint: Blueprint, affine: bool = False, fused: bool = True, tracked: bool = False, share: int = 1
    ) -> None:
        super().__init__()
        if share < 1:
            raise BadSetting(f"options read one channel in 1 or more, not in {share}")
        self.blueprint, self.affine, self.fused, self.tracked, self.share = blueprint, affine, fused, tracked, share
        written: Any = blueprint.written
        self._written: WrittenBlueprint = written
        self._space: WrittenSpace = written.space
        self.layers = SharedLayers(self.standing(), affine, tracked)
        self._runs: OrderedDict[tuple[Support, bool], Run] = OrderedDict()

    @classmethod
    def of(cls, space: Space, **settings: Any) -> Supernet:
        """Make the supernet of a space, with settings of its own or of the space's blueprint.

        Raises:
            BadSetting: When there is no such setting, or the space has no supernet.
        """
        own = {name: settings.pop(name) for name in ("affine", "fused", "tracked", "share") if name in settings}
        return cls(blueprint_of(space, **settings), **own)

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what computes, which is made when it is asked for."""
        return {**self.__dict__, "_runs": OrderedDict()}

    def settings(self) -> dict[str, Any]:
        """Return its own settings as JSON-able values; ``Supernet.of`` takes them beside those of the blueprint."""
        return {"affine": self.affine, "fused": self.fused, "tracked": self.tracked, "share": self.share}

    # ── decisions and their coefficients ──────────────────────────────────────────────────────────────────────

    @property
    def space(self) -> Space:
        """The space."""
        return self.blueprint.space

    @property
    def written(self) -> WrittenSpace:
        """The space as an expression of layers, whose decisions are those of the space."""
        return self._space

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """The decisions in the order of their coefficients, each with its name and values."""
        return self.written.slots

    @property
    def weights(self) -> Mapping[str, nn.Parameter]:
        """All weights by name."""
        return dict(self.named_parameters())

    def one_hot(self, architecture: ArrayLike | str) -> tuple[Tensor, ...]:
        """Return the coefficients of one architecture: 1 for what it chooses, 0 for all else.

        Args:
            architecture: Its row, ``(decisions,)``, or a text that the space reads.

        Raises:
            InvalidArchitecture: When it is none of the space.
        """
        row = self._row(architecture)
        like = next(self.parameters())
        vectors = zip(row.tolist(), self.decisions, strict=True)
        return tuple(
            torch.zeros(len(slot.values), dtype=like.dtype, device=like.device).index_fill_(
                0, torch.tensor(value, device=like.device), 1
            )
            for value, slot in vectors
        )

    def uniform(self) -> tuple[Tensor, ...]:
        """Return the coefficients in which all values of a decision count alike, and sum up to 1."""
        like = next(self.parameters())
        return tuple(
            torch.full((len(slot.values),), 1 / len(slot.values), dtype=like.dtype, device=like.device)
            for slot in self.decisions
        )

    def _row(self, architecture: ArrayLike | str) -> Archs:
        """Return a row, canonical."""
        if isinstance(architecture, str):
            architecture = self.space.parse(architecture)
        row = checked_row(self.space, architecture)
        if not self.space.valid(row[None])[0]:
            raise InvalidArchitecture(f"{row.tolist()} is no architecture of {self.space.name}")
        canonical: Archs = self.space.canonical(row[None])[0]
        return canonical

    # ── networks ──────────────────────────────────────────────────────────────────────────────────────────────

    def forward(
        self,
        images: Tensor,
        coefficients: Coefficients,
        carried: bool = False,
        edges: Mapping[int, Tensor] | None = None,
    ) -> Tensor:
        """Map images ``(batch, image_channels, size, size)`` to logits ``(batch, classes)``.

        Args:
            images: They.
            coefficients: For each decision, in the order of ``decisions``, one number for each value. What counts 0 is
                not computed, so its coefficient has no gradient.
            carried: Whether coefficients that are 0 are added, as numbers, to what their options would be added to.
                Nothing else changes by that, but they have a gradient, as in the published code of GDAS.
            edges: How much all that an edge brings counts, by the number of the decision on it; 1 if not given.

        Raises:
            BadSetting: When there are not so many, or a decision that is reached has none that counts.
            InvalidArchitecture: When what counts cannot be added up.
        """
        if edges and self.share == 1:  # all that an edge brings is what its options bring
            coefficients = [one * edges[slot] if slot in edges else one for slot, one in enumerate(coefficients)]
        numbers = self._numbers(coefficients)
        support = tuple(tuple(value for value, one in enumerate(some) if one != 0) for some in numbers)
        if self.fused and images.dim() == 4:
            images = images.contiguous(memory_format=torch.channels_last)
        like = next(self.parameters())
        return self._run(support)([images], Scales([one.to(like) for one in coefficients], numbers, carried, edges))

    def subnet(self, architecture: ArrayLike | str) -> nn.Module:
        """Return the network of one architecture by itself, with the supernet's weights.

        They are the same ``nn.Parameter``s; where a layer reads a part of a weight, its own is computed from it. In
        training it gives what the supernet gives with the architecture's coefficients. Its normalisations track
        averages of their own for evaluation, which begin untracked.

        Raises:
            InvalidArchitecture: When it is none of the space.
            BadSetting: When options read a share of the channels.
        """
        if self.share > 1:
            raise BadSetting(
                f"options of this supernet read one channel in {self.share}: its weights fit no architecture's network"
            )
        row = self._row(architecture)
        with torch.random.fork_rng(devices=[]):
            network: nn.Module = self.blueprint.network(row)
        like = next(self.parameters())
        support = tuple((value,) for value in row.tolist())
        return self.layers.lend(network.to(like), list(stands(self._plan(support))))

    def _numbers(self, coefficients: Coefficients) -> list[list[float]]:
        """Return coefficients as numbers of Python."""
        wanted = [len(slot.values) for slot in self.decisions]
        if [tuple(one.shape) for one in coefficients] != [(count,) for count in wanted]:
            given = [list(one.shape) for one in coefficients]
            raise BadSetting(
                f"coefficients of {self.space.name} are {len(wanted)} vectors of {_listed(wanted)} numbers, not of the "
                f"shapes {given}; net.uniform() gives such"
            )
        every: list[float] = torch.cat([one.detach() for one in coefficients]).tolist()
        numbers = iter(every)
        return [[next(numbers) for _ in range(count)] for count in wanted]

    def _run(self, support: Support) -> Run:
        """Return what computes the values that count."""
        key = support, self.fused
        if key in self._runs:
            self._runs.move_to_end(key)
        else:
            maker = Fuser if self.fused else Mixer
            self._runs[key] = maker(self.layers).run(self._plan(support))
            if len(self._runs) > _KEPT:
                self._runs.popitem(last=False)
        return self._runs[key]

    # ── plans ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _plan(self, support: Support, planner: Planner | None = None) -> Planned:
        """Plan the network of the values that count."""
        opened = Opener(self.written.decided, support)(self.written.expression)
        return _whole(planner or replace(self._written.planner, share=self.share), opened)

    def standing(self) -> Iterator[Stand]:
        """Give all layers that stand somewhere in some network.

        Where the shapes of parts depend on decisions, and constraints say which go together, they are those of the rows
        one by one, if these can be listed.
        """
        space = self.written
        every = tuple(tuple(range(len(slot.values))) for slot in space.slots)
        planned = self._plan(every, replace(self._written.planner, mixes_sizes=True, share=self.share))
        if self.share > 1 and (_is_varied(planned) or not _is_partial(planned)):
            raise BadSetting(
                f"options that read one channel in {self.share} stand on the edges of cells; {space.name} has none such"
            )
        if not _is_varied(planned):
            yield from stands(planned)
        elif space.decided.wheres and space.is_enumerable:
            for row in space.enumerate().tolist():
                yield from stands(self._plan(tuple((value,) for value in row)))
        else:
            yield from Explorer(self._written.planner).whole(Opener(space.decided, every)(space.expression))

    # ── printing ──────────────────────────────────────────────────────────────────────────────────────────────

    def _card(self) -> Card:
        count = sum(one.numel() for one in self.parameters())
        facts = {
            "decisions": ", ".join(f"{slot.name} of {len(slot.values)}" for slot in self.decisions),
            "weights": f"{count:,}",
            **{name: value for name, value in self.blueprint.settings().items() if value is not None},
        }
        return Card(f"Supernet of {self.space.name}", ["net(images, net.one_hot(architecture)) → logits"], facts)


def _whole(planner: Planner, opened: Expression) -> Planned:
    """Plan a whole network."""
    if isinstance(opened, Mix):
        return planner.mix(opened, [_whole(planner, way.part) for way in opened.ways], ())
    return planner.whole(opened)


def _is_varied(planned: Planned) -> bool:
    """Say whether options of some part differ in the shape of what they give."""
    if isinstance(planned, PlannedMix) and len({way.part.gives for way in planned.ways}) > 1:
        return True
    return any(_is_varied(part) for _, part in planned.parts())


def _is_partial(planned: Planned) -> bool:
    """Say whether some options read a share of the channels."""
    return isinstance(planned, PlannedPartial) or any(_is_partial(part) for _, part in planned.parts())


def _listed(counts: Sequence[int]) -> str:
    return str(counts[0]) if len(set(counts)) == 1 else ", ".join(map(str, counts))
