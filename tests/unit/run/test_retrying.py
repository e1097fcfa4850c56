"""A call that fails is made again, so many times; its last outcome stands."""

import pytest

from nasbed.core.errors import BadSetting
from nasbed.run.executors.inline import InlineExecutor
from nasbed.run.executors.retrying import RetryingExecutor
from nasbed.testing import DoesNotApply, executor_laws


class Once(RetryingExecutor):
    """Hands on what it is given, as the laws would have it."""

    def __init__(self):
        super().__init__(InlineExecutor(), 1)


@pytest.mark.parametrize("law", executor_laws, ids=str)
def test_laws(law):
    try:
        law(Once)
    except DoesNotApply as reason:
        pytest.skip(str(reason))


@pytest.mark.parametrize("luck", [1, 2, 3, 4])
def test_a_call_is_made_until_it_is_well_or_has_failed_often_enough(luck):
    called = []

    def work(tag):
        called.append(tag)
        if tag == "unlucky" and called.count(tag) < luck:
            raise RuntimeError(f"no luck {called.count(tag)}")
        return len(called)

    with RetryingExecutor(InlineExecutor(), 3) as machine:
        for tag in ("lucky", "unlucky"):
            machine.submit(tag, work, tag)
        outcomes = {outcome.tag: outcome for outcome in machine.as_completed()}
    assert called.count("lucky") == 1
    assert called.count("unlucky") == min(luck, 3)
    assert outcomes["lucky"].value == 1
    if luck <= 3:
        assert outcomes["unlucky"].error is None
    else:
        assert "no luck 3" in outcomes["unlucky"].error


def test_a_call_is_made_at_least_once():
    with pytest.raises(BadSetting, match="at least 1, not 0"):
        RetryingExecutor(InlineExecutor(), 0)
