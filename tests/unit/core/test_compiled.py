"""What a first compiled call costs, and that it costs nobody else anything."""

import subprocess
import sys
from textwrap import dedent

import pytest

from nasbed.core.compiled import stable_order


def test_equals_stay_in_their_order_and_nan_comes_last():
    import numpy as np

    values = np.array([2.0, np.nan, 1.0, 2.0, np.nan, 1.0, -0.0, 0.0])
    assert stable_order(values).tolist() == np.argsort(values, kind="stable").tolist()


def test_a_first_call_imports_no_package_of_linear_algebra_and_leaves_it_whole():
    pytest.importorskip("scipy")
    code = """
        import sys
        import numba
        import numpy as np
        from nasbed.core.compiled import stable_order
        stable_order(np.zeros(3))
        assert "scipy.linalg" not in sys.modules
        assert numba.njit(lambda a: a @ a)(np.eye(2)).tolist() == np.eye(2).tolist()
        import scipy.linalg
        assert scipy.linalg.cython_blas is sys.modules["scipy.linalg.cython_blas"]
        assert scipy.linalg.inv(np.eye(2)).tolist() == np.eye(2).tolist()
        assert numba.njit(lambda a: np.linalg.inv(a))(np.eye(2)).tolist() == np.eye(2).tolist()
    """
    subprocess.run([sys.executable, "-W", "error", "-c", dedent(code)], check=True)
