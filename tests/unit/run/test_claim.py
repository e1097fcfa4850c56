"""Claims: one process a store, and none after its end, whatever the end was."""

import subprocess
import sys

import pytest

from nasbed.core.errors import BadSetting
from nasbed.run.claim import claimed, holder

HOLD = """
import sys
from pathlib import Path
from nasbed.run.claim import claimed
with claimed(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def other(tmp_path):
    """Another process that holds the claim."""
    command = [sys.executable, "-c", HOLD, str(tmp_path / "a.sqlite")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_claim_leaves_nothing_and_can_be_made_again(tmp_path):
    store = tmp_path / "a.sqlite"
    for _ in range(2):
        assert holder(store) is None
        with claimed(store):
            assert holder(store)["process"]
        assert list(tmp_path.iterdir()) == []


def test_two_stores_have_two_claims(tmp_path):
    with claimed(tmp_path / "a.sqlite"), claimed(tmp_path / "b.sqlite"):
        pass


def test_within_a_process_there_is_one_claim_too(tmp_path):
    with claimed(tmp_path / "a.sqlite"):
        with pytest.raises(BadSetting, match="works on"), claimed(tmp_path / "a.sqlite"):
            pass
        assert holder(tmp_path / "a.sqlite") is not None


def test_what_another_process_works_on_is_refused_until_it_ends(tmp_path, other):
    store = tmp_path / "a.sqlite"
    assert holder(store)["process"] == other.pid
    with pytest.raises(BadSetting, match=f"works on {store} already, as process {other.pid} on .*'nasbed status"):  # noqa: SIM117
        with claimed(store):
            pass
    other.stdin.close()
    other.wait()
    with claimed(store):
        pass


def test_a_killed_process_holds_nothing(tmp_path, other):
    store = tmp_path / "a.sqlite"
    other.kill()
    other.wait()
    assert [path.name for path in tmp_path.iterdir()] == ["a.sqlite-claim"]
    assert holder(store) is None
    with claimed(store):
        pass
    assert list(tmp_path.iterdir()) == []
