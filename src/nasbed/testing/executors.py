"""The laws of executors. A subject makes one when called without arguments: a class, usually."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from nasbed.core.errors import BadSetting
from nasbed.core.executor import Executor, Outcome
from nasbed.testing.law import DoesNotApply, Laws

Maker = Callable[[], Executor]
executor_laws: Laws[Maker] = Laws("executor")
law, check_executor = executor_laws.law, executor_laws.check


def _outcomes(executor: Executor) -> dict[str, Outcome]:
    """Wait for everything; no tag may come back twice."""
    ended = list(executor.as_completed())
    by_tag = {outcome.tag: outcome for outcome in ended}
    assert len(by_tag) == len(ended), f"a call has two outcomes: {sorted(outcome.tag for outcome in ended)}"
    return by_tag


@law
def every_call_has_one_outcome(make: Maker, seed: int) -> None:
    """Each call comes back once, under its tag, with its value; functions may be given by their place."""
    with make() as executor:
        assert executor.slots >= 1
        for i in range(20):
            executor.submit(f"call {i}", double if i % 2 else "nasbed.testing.executors:double", i)
        ended = _outcomes(executor)
        assert ended == {f"call {i}": Outcome(f"call {i}", 2 * i) for i in range(20)}
        assert _outcomes(executor) == {}, "an outcome came twice"


@law
def exceptions_are_outcomes(make: Maker, seed: int) -> None:
    """A call that raises is an outcome that says why, in one line, and the others go on."""
    with make() as executor:
        executor.submit("bug", fail, "on\nfire")
        executor.submit("purpose", refuse, "not allowed; do that instead")
        executor.submit("nowhere", "nasbed.testing.executors:no_such_function")
        executor.submit("well", double, 4)
        ended = _outcomes(executor)
    assert ended["well"] == Outcome("well", 8)
    assert ended["purpose"] == Outcome("purpose", error="not allowed; do that instead")
    for tag, said in (("bug", "RuntimeError: on fire"), ("nowhere", "no_such_function")):
        error = ended[tag].error or ""
        assert said in error, f"{error!r} does not say {said!r}"
        assert "\n" not in error, "an error takes more than one line"


@law
def calls_may_be_submitted_while_waiting(make: Maker, seed: int) -> None:
    """What is submitted while outcomes are waited for has its outcome in the same loop."""
    with make() as executor:
        executor.submit("0", double, 0)
        ended = []
        for outcome in executor.as_completed():
            ended.append(outcome.tag)
            if len(ended) < 8:
                executor.submit(str(len(ended)), double, len(ended))
    assert ended == [str(i) for i in range(8)]


def _elsewhere(executor: Executor) -> None:
    executor.submit("where", process)
    if _outcomes(executor)["where"].value == os.getpid():
        raise DoesNotApply("calls are made in this very process")


@law
def a_worker_that_dies_is_an_outcome(make: Maker, seed: int) -> None:
    """A call whose worker dies has an outcome with an error; no other call is lost."""
    with make() as executor:
        _elsewhere(executor)
        for i in range(6):
            executor.submit(f"before {i}", double, i)
        executor.submit("deadly", die)
        for i in range(6):
            executor.submit(f"after {i}", double, i)
        ended = _outcomes(executor)
    assert len(ended) == 13, f"outcomes are lost: there are only {sorted(ended)}"
    assert ended["deadly"].error, "the death of a worker went unsaid"
    assert all(outcome.error is None for tag, outcome in ended.items() if tag != "deadly"), "it cost other calls"


@law
def closing_stops_everything(make: Maker, seed: int) -> None:
    """Closing does not wait for what runs or stands in line, and may be done twice."""
    executor = make()
    executor.submit("first", double, 1)
    for i in range(3):
        executor.submit(f"long {i}", wait, 60.0)
    next(executor.as_completed())
    began = time.monotonic()
    executor.close()
    assert time.monotonic() - began < 30.0, "closing waited for calls to end"
    assert _outcomes(executor) == {}, "a closed executor has outcomes"
    executor.close()


def double(x: float) -> float:
    """Give twice a number."""
    return 2 * x


def fail(text: str) -> None:
    """Fail as a bug would."""
    raise RuntimeError(text)


def refuse(text: str) -> None:
    """Fail as nasbed does on purpose."""
    raise BadSetting(text)


def process() -> int:
    """Tell the process that makes the call."""
    return os.getpid()


def die() -> None:
    """End the process at once, as one that is killed does."""
    os._exit(9)


def wait(seconds: float) -> None:
    """Take some time."""
    time.sleep(seconds)
