"""Write every module of a space to a file, hash → [matrix, labels]; ``nasbed enumerate --out FILE.json`` does it, too.

Reference: https://github.com/google-research/nasbench, ``nasbench/scripts/generate_graphs.py``
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nasbed.compat.nasbench.lib.config import FLAGS
from nasbed.compat.nasbench.scripts import flags
from nasbed.factory.listing import write_enumeration
from nasbed.spaces.nasbench101 import NASBench101

_OWN = {
    "output_file": "/tmp/generated_graphs.json",
    "max_vertices": 7,
    "num_ops": 3,
    "max_edges": 9,
    "verify_isomorphism": True,
}
flags.define(_OWN)

__all__ = ["FLAGS", "main"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Write what the command line says."""
    flags.read(str(__doc__).partition("\n")[0], _OWN, arguments)
    vertices, operations, edges = (flags.flag(name) for name in ("max_vertices", "num_ops", "max_edges"))
    space = NASBench101(vertices, edges, tuple(str(label) for label in range(operations)))
    path = Path(flags.flag("output_file"))
    count = write_enumeration(space, path, verify=flags.flag("verify_isomorphism"))
    print(f"up to {vertices} vertices: {count:,} graphs in {path}")


if __name__ == "__main__":
    flags.program(main)
