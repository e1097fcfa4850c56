"""The files that a page of the documentation shows: blocks of Python that begin by saying which file they are."""

import re
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
_FILE = re.compile(r"^```python\n(\"\"\"(\w+\.py): .*?)^```", re.MULTILINE | re.DOTALL)


def write_files(page, folder):
    """Write a page's files to a folder; give their names."""
    found = {name: code for code, name in _FILE.findall(page.read_text())}
    for name, code in found.items():
        (folder / name).write_text(code)
    return list(found)
