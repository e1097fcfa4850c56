"""SGD: a recipe's is PyTorch's own."""

from dataclasses import replace

import pytest
import torch

from nasbed.nets.descent import optimizer
from nasbed.nets.recipe import NASBENCH201


@pytest.mark.parametrize("nesterov", [True, False])
def test_a_recipe_makes_pytorchs_sgd(nesterov):
    made = optimizer(replace(NASBENCH201, nesterov=nesterov, momentum=0.8, l2=0.1), torch.ones(2))
    (group,) = made.param_groups
    assert type(made) is torch.optim.SGD
    assert [group[name] for name in ("momentum", "nesterov", "weight_decay", "dampening")] == [0.8, nesterov, 0.1, 0]


def test_a_step_after_nesterov_by_hand():
    weight = torch.tensor([2.0], dtype=torch.float64)
    sgd = optimizer(replace(NASBENCH201, momentum=0.5, l2=0.1), weight)
    # slope 1 + 0.1·2 = 1.2, gathered 1.2, step 0.1·(1.2 + 0.5·1.2); then
    # slope 0.182, gathered 0.6 + 0.182, step 0.182 + 0.5·0.782
    for slope, rate, then in ((1.0, 0.1, 1.82), (0.0, 1.0, 1.82 - 0.573)):
        weight.grad = torch.tensor([slope], dtype=torch.float64)
        sgd.param_groups[0]["lr"] = rate
        sgd.step()
        assert weight.item() == pytest.approx(then)
