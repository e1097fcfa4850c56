"""Reports: figures, pages, tables for papers."""

from typing import TYPE_CHECKING

from nasbed.core.lazy import lazily

if TYPE_CHECKING:
    from nasbed.report.figures import course as course, outcome as outcome, style as style
    from nasbed.report.folder import save as save
    from nasbed.report.latex import comma_separated as comma_separated, markdown as markdown
    from nasbed.report.page.page import html as html, write as write
else:
    __getattr__, __dir__ = lazily(__name__)
