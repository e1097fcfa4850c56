"""What numbers of results are, where little is said of them."""

import pytest

from nasbed.readers.measure import Measure


@pytest.mark.parametrize(
    ("metric", "goal"),
    [
        *((name, "min") for name in ("loss", "error", "l1_loss", "valid_loss", "top1_error")),
        *((name, "max") for name in ("accuracy", "ssim", "miou", "neg_loss", "negative_loss", "valid_neg_loss")),
    ],
)
def test_a_loss_is_good_when_it_is_low_and_a_negative_one_when_it_is_high(metric, goal):
    assert Measure(metric, split="valid").goal == goal
    assert Measure(metric, split="valid", goal="max").goal == "max"


def test_a_loss_is_told_with_its_sign_turned():
    assert Measure("l1_loss", split="valid").told(0.5) == -0.5
    assert Measure("neg_loss", split="valid").told(-0.5) == -0.5
    assert Measure("miou", split="valid", unit="percent").told(29.5) == 29.5
