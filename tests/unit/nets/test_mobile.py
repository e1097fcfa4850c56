"""Networks of once-for-all's space, counted by a formula of their own."""

import pytest

import nasbed
from nasbed.core.rng import Streams
from nasbed.nets.costs import params

WIDTHS, SQUEEZED = (24, 40, 80, 112, 160), (False, True, False, True, True)


def rounded(number):
    """A multiple of 8 near a number."""
    near = max(8, int(number + 4) // 8 * 8)
    return near + 8 * (near < 0.9 * number)


def block(before, after, kernel, expand, squeezes):
    """Count the numbers of a block: convolutions without bias, normalisations, and dense layers that squeeze."""
    wide, few = before * expand, rounded(before * expand // 4)
    widening = (before * wide + 2 * wide) * (expand > 1)
    squeezing = (wide * few + few + few * wide + wide) * squeezes
    return widening + wide * kernel**2 + 2 * wide + squeezing + wide * after + 2 * after


def counted(configuration, classes):
    """Count the numbers of a network."""
    channels, total = 16, 3 * 16 * 9 + 2 * 16 + block(16, 16, 3, 1, False)
    for unit, (width, squeezes) in enumerate(zip(WIDTHS, SQUEEZED, strict=True)):
        for i in range(4 * unit, 4 * unit + configuration["d"][unit]):
            total += block(channels, width, configuration["ks"][i], configuration["e"][i], squeezes)
            channels = width
    return total + channels * 960 + 2 * 960 + 960 * 1_280 + 1_280 * classes + classes


@pytest.mark.slow
def test_networks_have_the_numbers_of_the_published_layers():
    space = nasbed.space("mobile")
    rows = space.sample(Streams.from_seed(0, 4))
    expected = [counted(space.configuration(row), 1_000) for row in rows]
    assert params(space, rows, classes=1_000, image_size=224).tolist() == expected


def test_the_largest_network_has_seven_and_a_half_million_numbers():
    space = nasbed.space("mobile")
    row = space.parse({"ks": [7] * 20, "e": [6] * 20, "d": [4] * 5})
    assert params(space, row[None], classes=1_000, image_size=224).tolist() == [7_664_760]
