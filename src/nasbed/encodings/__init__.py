"""Encodings: architectures as numbers, in named blocks that stand side by side."""

from typing import TYPE_CHECKING

from nasbed.core.lazy import lazily

if TYPE_CHECKING:
    from nasbed.encodings.block import Block as Block
    from nasbed.encodings.columns import Columns as Columns
    from nasbed.encodings.joining import Encoding as Encoding
    from nasbed.encodings.joining import default_for as default_for
    from nasbed.encodings.joining import encoding as encoding
else:
    __getattr__, __dir__ = lazily(__name__)
