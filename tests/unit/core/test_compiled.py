"""What a first compiled call costs, and that it costs nobody else anything."""

import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest

from nasbed.core.compiled import stable_order


def test_equals_stay_in_their_order_and_nan_comes_last():
    values = np.array([2.0, np.nan, 1.0, 2.0, np.nan, 1.0, -0.0, 0.0])
    assert stable_order(values).tolist() == np.argsort(values, kind="stable").tolist()


@pytest.mark.slow
def test_a_first_call_imports_no_package_of_linear_algebra_and_leaves_it_whole():
    pytest.importorskip("scipy")
    code = """
        import sys
        import numba
        import numpy as np
        from nasbed.core.compiled import PATIENCE, stable_order
        PATIENCE.seconds = 0
        stable_order(np.zeros(3))
        assert "scipy.linalg" not in sys.modules
        assert numba.njit(lambda a: a @ a)(np.eye(2)).tolist() == np.eye(2).tolist()
        import scipy.linalg
        assert scipy.linalg.cython_blas is sys.modules["scipy.linalg.cython_blas"]
        assert scipy.linalg.inv(np.eye(2)).tolist() == np.eye(2).tolist()
        assert numba.njit(lambda a: np.linalg.inv(a))(np.eye(2)).tolist() == np.eye(2).tolist()
    """
    subprocess.run([sys.executable, "-W", "error", "-c", dedent(code)], check=True)


@pytest.mark.skipif(np.__version__ < "2", reason="before NumPy 2 every loop is compiled at its first call")
def test_loops_of_many_rows_are_compiled_sooner_and_a_stand_in_is_used_until_then(tmp_path):
    code = """
        import numpy as np
        from nasbed.core.compiled import PATIENCE, kernel
        def doubled_plainly(rows):
            return rows + rows
        @kernel(until_then=doubled_plainly)
        def doubled(rows):
            return rows * 2
        @kernel
        def doubled_twice(rows):
            return doubled(doubled(rows))
        few, many = np.arange(PATIENCE.many), np.arange(PATIENCE.many + 1)
        PATIENCE.soon = 1e-12
        for rows, compiled in ((many, 0), (few, 0), (few, 0), (many, 1)):
            assert doubled_twice(rows).tolist() == (4 * rows).tolist()
            assert len(doubled_twice.signatures) == compiled
        @kernel(until_then=doubled_plainly)
        def alone(rows):
            return rows * 2
        PATIENCE.rows = 0
        for seconds in (1, 0):
            PATIENCE.seconds = seconds
            assert alone(many).tolist() == (2 * many).tolist()
            assert len(alone.signatures) == 1 - seconds
        @kernel(patience=1e12)
        def patient(rows):
            return rows * 2
        @kernel
        def impatient(rows):
            return rows * 2
        PATIENCE.rows, PATIENCE.seconds = len(few), 1e-12
        assert [(patient(few).tolist(), impatient(few).tolist()) for _ in range(2)] == [((2 * few).tolist(),) * 2] * 2
        assert (len(patient.signatures), len(impatient.signatures)) == (0, 1)
    """
    (tmp_path / "it.py").write_text(dedent(code))  # numba keeps what is in a file
    subprocess.run([sys.executable, "-W", "error", "it.py"], check=True, cwd=tmp_path)


PLAYED = """
    import hashlib
    import sys
    import numpy as np
    import nasbed
    from nasbed.core.compiled import PATIENCE
    PATIENCE.seconds = float(sys.argv[1])
    for name in sys.argv[2:]:
        history = nasbed.search(name, "digits101", evaluations=60, runs=3)
        arrays = [history.archs, history.value, history.metric("test")]
        print(name, hashlib.sha256(b"".join(np.ascontiguousarray(one).tobytes() for one in arrays)).hexdigest())
"""
METHODS = [
    "random",
    "regularized-evolution",
    "evolutionary:selection=roulette",
    "evolutionary:replacement=comma,offspring=50",
    "local",
    "simulated-annealing",
    "reinforce",
    "successive-halving",
    "hyperband",
    "asha",
    "bohb",
    "dehb",
    "nsga2",
    "scalarisation",
]


def played(seconds: str, caches: Path | None, methods: list[str]) -> list[str]:
    around = {**os.environ, "NUMBA_CACHE_DIR": str(caches or "")}
    command = [sys.executable, "-W", "error", "-c", dedent(PLAYED), seconds, *methods]
    return subprocess.run(command, check=True, capture_output=True, text=True, env=around).stdout.splitlines()


@pytest.mark.skipif(np.__version__ < "2", reason="before NumPy 2 every loop is compiled at its first call")
@pytest.mark.parametrize("methods", [METHODS[1:2], pytest.param(METHODS, marks=pytest.mark.slow)], ids=["few", "all"])
def test_a_search_whose_kernels_are_not_compiled_is_the_same_to_the_bit(tmp_path, methods):
    uncompiled = played("inf", tmp_path, methods)
    assert len(uncompiled) == len(methods)
    assert not list(tmp_path.rglob("*.nbi"))
    assert uncompiled == played("0", None, methods)
