"""Campaigns: every unit once, failures that stop nothing, and one plan a store."""

import os
import signal

import pytest

from nasbed.core.errors import BadSetting, Interrupted
from nasbed.core.executor import Executor, Outcome
from nasbed.run.campaign import Status, campaign
from nasbed.run.executors.inline import InlineExecutor
from nasbed.run.executors.processes import ProcessExecutor
from nasbed.run.stores.memory import MemoryStore
from nasbed.run.stores.sqlite import SQLiteStore

UNITS = [f"unit{i}" for i in range(12)]
PLAN = {"recipe": {"rate": 0.1, "steps": [1, 2]}, "seed": 0}


@pytest.fixture
def store():
    return MemoryStore()


def run(store, work, units=UNITS, executor=None, arguments=lambda unit: (unit,), plan=PLAN, **settings):
    with executor or InlineExecutor() as machine:
        return campaign(units, work, arguments, plan=plan, store=store, executor=machine, **settings)


def values(store):
    return {unit: record["value"] for unit, record in store}


def test_every_unit_is_done_once_in_order(store):
    called = []
    work = lambda unit: called.append(unit) or len(unit)  # noqa: E731
    assert run(store, work) == Status(12, 12, 0)
    assert called == UNITS
    assert values(store) == {unit: len(unit) for unit in UNITS}
    assert [record["unit"] for _, record in store] == UNITS
    assert run(store, work) == Status(12, 12, 0)
    assert called == UNITS


def test_only_what_is_missing_is_done(store):
    run(store, len, UNITS)
    more = MemoryStore()
    more.note("plan", PLAN)
    for unit, record in list(store)[3:]:
        more.append(unit, record)
    called = []
    run(more, lambda unit: called.append(unit) or len(unit))
    assert called == UNITS[:3]
    assert values(more) == values(store)


def test_what_raises_is_tried_again_then_given_up_and_stops_nothing(store):
    called = []

    def work(unit):
        called.append(unit)
        if unit == "unit3" or (unit == "unit5" and called.count(unit) < 3):
            raise RuntimeError("no\nluck")
        return unit

    assert run(store, work, attempts=4) == Status(12, 12, 1)
    records = dict(store)
    assert records["unit3"]["error"].startswith("RuntimeError: no luck")
    assert records["unit3"]["value"] is None
    assert [records[unit]["attempts"] for unit in UNITS] == [1, 1, 1, 4, 1, 3, *[1] * 6]
    assert run(store, work, attempts=4) == Status(12, 12, 1)
    assert called.count("unit3") == 4


def test_a_worker_that_dies_is_no_end(store, tmp_path, monkeypatch):
    (tmp_path / "tests_of_campaigns.py").write_text(
        "import os\nfrom pathlib import Path\n"
        "def work(unit, flag):\n"
        "    if unit == 'unit3' or (unit == 'unit5' and not Path(flag).exists()):\n"
        "        Path(flag).touch() if unit == 'unit5' else None\n"
        "        os.kill(os.getpid(), 9)\n"
        "    return unit\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    arguments = lambda unit: (unit, str(tmp_path / "flag"))  # noqa: E731
    done = run(store, "tests_of_campaigns:work", arguments=arguments, executor=ProcessExecutor(2), attempts=2)
    assert done == Status(12, 12, 1)
    records = dict(store)
    assert records["unit3"]["error"] == "the worker was killed by SIGKILL"
    assert records["unit5"]["value"] == "unit5"
    assert records["unit5"]["attempts"] == 2


def test_progress_goes_from_what_is_there_to_everything(store):
    heard = []
    run(store, len, progress=heard.append)
    assert heard == [Status(done, 12, 0) for done in range(13)]
    heard.clear()
    run(store, len, progress=heard.append)
    assert heard == [Status(12, 12, 0)]


def test_an_interrupt_keeps_what_is_done_and_the_same_call_goes_on(tmp_path):
    called = []

    def work(unit):
        called.append(unit)
        if called == UNITS[:5]:
            os.kill(os.getpid(), signal.SIGINT)
        return unit

    with SQLiteStore(tmp_path / "store.sqlite") as store:
        with pytest.raises(Interrupted, match="interrupted with 4 of 12 units done; say it once more"):
            run(store, work, resume="say it once more")
        assert [unit for unit, _ in store] == UNITS[:4]
        assert run(store, work) == Status(12, 12, 0)
        assert called == [*UNITS[:5], *UNITS[4:]]


class Hoarder(Executor):
    """Says how many calls it was ever given at a time."""

    slots = 3

    def __init__(self):
        self.queue, self.most = [], 0

    def submit(self, tag, work, *args):
        self.queue.append((tag, work, args))
        self.most = max(self.most, len(self.queue))

    def as_completed(self):
        while self.queue:
            yield Outcome.of(*self.queue[-1][:2], *self.queue.pop()[2])

    def close(self):
        pass


def test_an_executor_holds_few_calls_at_a_time(store):
    executor = Hoarder()
    run(store, len, [f"unit{i}" for i in range(100)], executor)
    assert executor.most == 6
    assert len(store) == 100


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({**PLAN, "seed": 1}, "seed was 0, now 1"),
        ({**PLAN, "recipe": {"rate": 0.2, "steps": [1, 2]}}, r"recipe\.rate was 0\.1, now 0\.2"),
        ({**PLAN, "recipe": {"rate": 0.1, "steps": [1]}}, r"recipe\.steps was \[1, 2\], now \[1\]"),
        ({**PLAN, "more": "x"}, r'more was null, now "x"'),
        ({"seed": 0}, r"recipe was {.*}, now null"),
    ],
)
def test_another_plan_in_the_same_store_is_refused_and_named(store, other, said):
    run(store, len, UNITS[:3])
    before = list(store), store.notes()
    with pytest.raises(BadSetting, match=rf"another plan \({said}"):
        run(store, len, plan=other)
    assert (list(store), store.notes()) == before


def test_a_plan_is_what_json_makes_of_it(store):
    run(store, len, plan={"budgets": (1, 2)})
    assert run(store, len, plan={"budgets": [1, 2]}).done == 12


def test_records_of_something_else_are_not_taken_over(store):
    store.append("unit0", {"value": 3, "error": None})
    with pytest.raises(BadSetting, match="no plan"):
        run(store, len)
    assert store.notes() == {}


def test_a_call_that_did_something_leaves_a_note_of_its_session(store):
    run(store, len, session={"cores": 2})
    run(store, len, session={"cores": 4})
    (session,) = store.notes()["sessions"]
    assert session["cores"] == 2
    assert session["started"] <= next(iter(store))[1]["finished"]


def test_a_unit_is_tried_at_least_once(store):
    with pytest.raises(BadSetting, match="at least 1, not 0"):
        run(store, len, attempts=0)


def test_a_part_of_the_units_is_a_campaign_of_its_own_in_the_same_store(store):
    assert run(store, len, UNITS[:4]) == Status(4, 4, 0)
    assert run(store, len, UNITS[2:6]) == Status(4, 4, 0)
    assert run(store, len) == Status(12, 12, 0)
    assert [unit for unit, _ in store] == UNITS
    assert len(store.notes()["sessions"]) == 3


def test_failures_are_counted_as_the_caller_counts_them(store):
    count = lambda record: record["value"]  # noqa: E731
    assert run(store, lambda unit: int(unit == "unit3") * 2, failures=count).failures == 2
    assert run(store, len, failures=count).failures == 2


def test_the_end_is_foretold_by_what_units_cost(store, monkeypatch):
    clock = iter(range(0, 1000, 10))
    monkeypatch.setattr("time.perf_counter", lambda: next(clock))
    run(store, len, UNITS[:2])
    heard = []
    run(store, len, UNITS[:6], cost=lambda unit: int(unit[-1]) + 1, progress=heard.append)
    assert [status.left for status in heard] == [None, *map(pytest.approx, (150 / 3, 220 / 7, 180 / 12, 0))]
    assert [status.share for status in heard] == [*map(pytest.approx, (3 / 21, 6 / 21, 10 / 21, 15 / 21)), 1]
    assert [status.rate for status in heard] == [None, *[1 / 10] * 4]
    assert [status.speed for status in heard[1:]] == [3 / 10, 7 / 20, 12 / 30, 18 / 40]


def test_what_is_noted_of_a_new_store_stays(store):
    run(store, len, UNITS[:1], facts={"splits": 3})
    run(store, len, facts={"splits": 4})
    assert store.notes()["splits"] == 3


def lengths(calls):
    return [len(name) for (name,) in calls]


def test_units_that_are_alike_are_done_together_as_evenly_as_they_go(store):
    called = []
    together = lambda calls: called.append([name for (name,) in calls]) or lengths(calls)  # noqa: E731
    alone = lambda unit: called.append([unit]) or len(unit)  # noqa: E731
    status = run(store, alone, together=together, alike=lambda unit: unit in ("unit3", "unit7"), most=4)
    assert status == Status(12, 12, 0)
    assert sorted(map(len, called)) == [2, 3, 3, 4]
    assert ["unit3", "unit7"] in called
    assert sorted(unit for some in called for unit in some) == sorted(UNITS)
    assert values(store) == {unit: len(unit) for unit in UNITS}


def test_only_what_is_missing_is_done_together(store):
    run(store, len, UNITS[2:])
    called = []
    run(store, len, together=lambda calls: called.append(len(calls)) or lengths(calls), alike=lambda unit: 0, most=12)
    assert called == [2]


def test_what_fails_together_is_tried_one_by_one_and_has_all_its_attempts(store):
    tried = []

    def alone(unit):
        tried.append(unit)
        if unit == "unit5":
            raise ValueError("five")
        return len(unit)

    def together(calls):
        raise MemoryError("too many")

    status = run(store, alone, together=together, alike=lambda unit: 0, most=12, attempts=2)
    assert status == Status(12, 12, 1)
    assert sorted(tried) == sorted([*UNITS, "unit5"])
    assert dict(store)["unit5"]["attempts"] == 2
    assert {record["attempts"] for unit, record in store if unit != "unit5"} == {1}
