"""RMSProp: TensorFlow's, number by number."""

import math

import torch
from hypothesis import given
from hypothesis import strategies as st

from nasbed.nets.descent import RMSProp, optimizer
from nasbed.nets.recipe import Recipe

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
    ours = RMSProp([one, two], 0.0, decay, momentum, epsilon, l2)
    plain = [Scalar(weight, decay, momentum, epsilon) for weight in weights]
    for gradients, rate in steps:
        given_ = torch.tensor(gradients, dtype=torch.float64)
        one.grad, two.grad = given_[:1], given_[1:]
        ours.param_groups[0]["lr"] = rate
        ours.step()
        for scalar, gradient in zip(plain, gradients, strict=True):
            scalar.step(gradient + l2 * scalar.weight, rate)
    torch.testing.assert_close(torch.cat([one, two]), torch.tensor([s.weight for s in plain], dtype=torch.float64))


def test_a_step_leaves_the_gradients_as_they_were():
    weights = torch.ones(2)
    weights.grad = torch.tensor([1.0, -2.0])
    RMSProp([weights], lr=0.1, weight_decay=0.5).step()
    assert weights.grad.tolist() == [1.0, -2.0]
    assert weights.tolist() != [1.0, 1.0]


def test_a_recipe_decides_the_whole_of_it():
    recipe = Recipe(decay=0.7, momentum=0.6, epsilon=0.5, l2=0.25)
    (group,) = optimizer(recipe, torch.ones(2)).param_groups
    assert [group[name] for name in ("decay", "momentum", "epsilon", "weight_decay")] == [0.7, 0.6, 0.5, 0.25]
