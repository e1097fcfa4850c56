"""RMSProp: TensorFlow's, number by number."""

import math

import torch
from hypothesis import given
from hypothesis import strategies as st

from nasbed.nets.descent import RMSProp

numbers = st.floats(-10, 10, width=32)
fractions = st.floats(0, 1, width=32)


class Scalar:
    """TensorFlow's ``ApplyRMSProp`` on one number."""

    def __init__(self, weight, decay, momentum, epsilon):
        self.weight, self.decay, self.momentum, self.epsilon = weight, decay, momentum, epsilon
        self.ms, self.mom = 1.0, 0.0

    def step(self, gradient, rate):
        self.ms += (gradient * gradient - self.ms) * (1 - self.decay)
        self.mom = self.mom * self.momentum + rate * gradient / math.sqrt(self.ms + self.epsilon)
        self.weight -= self.mom


@given(
    weights=st.lists(numbers, min_size=3, max_size=3),
    steps=st.lists(st.tuples(st.lists(numbers, min_size=3, max_size=3), fractions), max_size=20),
    decay=fractions,
    momentum=fractions,
    epsilon=st.floats(1e-3, 2),
    l2=st.sampled_from([0.0, 1e-4, 0.1]),
)
def test_rmsprop_is_tensorflows(weights, steps, decay, momentum, epsilon, l2):
    one, two = (torch.tensor(part, dtype=torch.float64) for part in (weights[:1], weights[1:]))
    ours = RMSProp([one, two], decay, momentum, epsilon, l2)
    plain = [Scalar(weight, decay, momentum, epsilon) for weight in weights]
    for gradients, rate in steps:
        given_ = torch.tensor(gradients, dtype=torch.float64)
        ours.step([given_[:1], given_[1:]], rate)
        for scalar, gradient in zip(plain, gradients, strict=True):
            scalar.step(gradient + l2 * scalar.weight, rate)
    torch.testing.assert_close(torch.cat([one, two]), torch.tensor([s.weight for s in plain], dtype=torch.float64))


def test_a_step_leaves_the_gradients_as_they_were():
    gradient = torch.tensor([1.0, -2.0])
    RMSProp([torch.ones(2)], l2=0.5).step([gradient], 0.1)
    assert gradient.tolist() == [1.0, -2.0]
