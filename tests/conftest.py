"""Fixtures that every test may use."""

import gc
import logging
import os
import shutil
import signal
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

from nasbed.core.errors import MissingExtra
from nasbed.core.extras import require

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in the background of a shell: processes begun here would
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignore Ctrl-C, too, and tests press it


os.environ.pop("COLUMNS", None)  # xdist sets it, and commands would fit what they print to it
os.environ.setdefault("OMP_NUM_THREADS", "1")  # tests run side by side; threads that wait for each other would spin

settings.register_profile("quick", deadline=None, max_examples=10)  # no deadline: the first call compiles
settings.register_profile("thorough", deadline=None, max_examples=200)


def pytest_configure(config: pytest.Config) -> None:
    """Try fewer examples of a law where slow tests are left out, too."""
    settings.load_profile("quick" if config.option.markexpr == "not slow" else "thorough")


@pytest.hookimpl(tryfirst=True)  # before those that are not asked for are left out
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Make those cases of a test slow whose names have one of the words of its ``slow_where``."""
    for item in items:
        case = item.name.partition("[")[2]
        if any(word in case for marker in item.iter_markers("slow_where") for word in marker.args):
            item.add_marker("slow")


def pytest_collection_finish() -> None:
    """Spare the garbage collector what was collected, which lives to the end: it takes a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say that the tests of a GPU were not run, where there is none; else print the figures that they measured."""
    reports = [report for kind in ("passed", "skipped", "failed") for report in terminalreporter.getreports(kind)]
    there = [report for report in reports if "gpu" in report.keywords]
    skipped = sum(report.outcome == "skipped" for report in there)
    if skipped:
        terminalreporter.write_line(f"{skipped} tests of a GPU were NOT run: PyTorch has none here")
    for report in there:
        if report.when == "call":
            for _, figure in report.user_properties:
                terminalreporter.write_line(figure)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real published results, or a skip that says how to bring it."""
    folder = Path(os.environ.get("NASBED_TEST_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}; set NASBED_TEST_DATA to the folder that has them")
    return folder


@pytest.fixture(autouse=True, scope="session")
def _own_home(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep the tests out of the user's cache of tables."""
    os.environ["NASBED_HOME"] = str(tmp_path_factory.mktemp("home"))


@pytest.fixture
def fresh_home(tmp_path, monkeypatch) -> Path:
    """A home of its own for a test, in which only spaces have been numbered: that takes a second a time."""
    home, numbered = tmp_path / "home", Path(os.environ["NASBED_HOME"]) / "spaces"
    home.mkdir()
    numbered.mkdir(exist_ok=True)
    (home / "spaces").symlink_to(numbered)
    monkeypatch.setenv("NASBED_HOME", str(home))
    return home


@pytest.fixture(scope="module")  # it keeps a processor busy while it waits
def ray_here():
    """A connection to a small Ray cluster of this machine alone, which is used by every executor that joins none."""
    try:
        ray = require("ray", "ray")
    except MissingExtra as reason:
        pytest.skip(str(reason))
    folder = tempfile.mkdtemp(prefix="ray-")  # pytest's own are too long for sockets
    ray.init(
        "local",
        num_cpus=2,
        object_store_memory=80 * 2**20,
        include_dashboard=False,
        log_to_driver=False,
        logging_level=logging.CRITICAL,
        _temp_dir=folder,
    )
    yield ray
    ray.shutdown()
    shutil.rmtree(folder, ignore_errors=True)
