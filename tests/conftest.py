"""Fixtures that every test may use."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("nasbed", deadline=None)  # the first call compiles
settings.load_profile("nasbed")


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
