"""SGD: PyTorch's, number by number."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nasbed.nets.descent import SGD

numbers = st.floats(-10, 10, width=32)


def test_a_step_after_nesterov_by_hand():
    weight = torch.tensor([2.0], dtype=torch.float64)
    sgd = SGD([weight], momentum=0.5, nesterov=True, l2=0.1)
    sgd.step([torch.tensor([1.0], dtype=torch.float64)], rate=0.1)
    # slope 1 + 0.1·2 = 1.2, gathered 1.2, step 0.1·(1.2 + 0.5·1.2)
    assert weight.item() == pytest.approx(2.0 - 0.18)
    sgd.step([torch.tensor([0.0], dtype=torch.float64)], rate=1.0)
    # slope 0.182, gathered 0.6 + 0.182, step 0.182 + 0.5·0.782
    assert weight.item() == pytest.approx(1.82 - 0.573)


@given(
    weights=st.lists(numbers, min_size=3, max_size=3),
    steps=st.lists(st.tuples(st.lists(numbers, min_size=3, max_size=3), st.floats(1e-3, 1)), max_size=10),
    momentum=st.floats(0.1, 1),
    nesterov=st.booleans(),
    l2=st.sampled_from([0.0, 5e-4, 0.1]),
)
def test_sgd_is_pytorchs(weights, steps, momentum, nesterov, l2):
    ours, theirs = (torch.tensor(weights, dtype=torch.float64) for _ in range(2))
    mine = SGD([ours[:1], ours[1:]], momentum, nesterov, l2)
    plain = torch.optim.SGD([theirs], lr=1.0, momentum=momentum, nesterov=nesterov, weight_decay=l2)
    for gradient, rate in steps:
        theirs.grad = torch.tensor(gradient, dtype=torch.float64)
        plain.param_groups[0]["lr"] = rate
        plain.step()
        mine.step([theirs.grad[:1], theirs.grad[1:]], rate)
    torch.testing.assert_close(ours, theirs)


def test_what_is_saved_is_gone_on_with():
    one, other = torch.ones(2), torch.ones(2)
    first = SGD([one])
    first.step([torch.tensor([1.0, 2.0])], 0.1)
    second = SGD([other])
    second.load_state_dict(first.state_dict())
    other.copy_(one)
    for method in (first, second):
        method.step([torch.tensor([3.0, 4.0])], 0.1)
    assert torch.equal(one, other)
