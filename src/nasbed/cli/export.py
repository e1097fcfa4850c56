"""``nasbed export``: a table, or a network that was trained, for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nasbed.cli.console import print_json, print_text, progress
from nasbed.cli.options import Json
from nasbed.core.errors import BadSetting

_NETWORK = ".safetensors"


def command(
    what: Annotated[
        str,
        typer.Argument(
            help="A benchmark's name, the path of a table, the file of a trained network or supernet, or the folder of "
            "a one-shot search."
        ),
    ],
    out: Annotated[
        Path,
        typer.Argument(
            help="The file; of tables .tfrecord (as published), .parquet or .csv, of networks .safetensors, .pt or "
            ".onnx."
        ),
    ],
    architecture: Annotated[
        str | None, typer.Option(help="Of a supernet, which; of a search's folder what it found, if not given.")
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(help="Of a supernet, by whose images normalisations take averages; its own by default."),
    ] = None,
    json: Json = False,
) -> None:
    """Write a table as TFRecord, which NAS-Bench-101's published API reads, as Parquet or as CSV; or a network."""
    path = Path(what)
    if path.suffix == _NETWORK or path.is_dir():
        from nasbed.oneshot.exporting import export_network

        with progress("exporting"):
            export_network(path, out, architecture, data=data)
    else:
        from nasbed.cli.values import table_of
        from nasbed.tables.exporting import export

        if architecture is not None or data is not None:
            raise BadSetting(f"--architecture and --data are for networks, and {what} is none")
        found = table_of(what, "exported")
        with progress("exporting") as move:
            export(found, out, move)
    size = out.stat().st_size
    print_json({"file": str(out), "bytes": size}) if json else print_text(f"{out}: {size:,} bytes")
