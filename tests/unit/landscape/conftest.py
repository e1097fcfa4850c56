"""Spaces of bits, on which every landscape can be worked out by hand."""

import numpy as np
import pytest

from nasbed.spaces.product import ProductSpace


class Bits(ProductSpace):
    """Rows of so many zeros and ones."""

    name = "bits"
    order = None

    def __init__(self, bits: int) -> None:
        self.bits = bits

    @property
    def cardinalities(self):
        return np.full(self.bits, 2)

    @property
    def representatives(self):
        return np.arange(self.size)

    def settings(self):
        return {"bits": self.bits}

    def graph(self, arch):
        raise NotImplementedError

    def parse(self, text):
        return np.array([int(letter) for letter in text], np.int8)

    def format(self, arch):
        return "".join(map(str, arch))


@pytest.fixture
def bits():
    return Bits
