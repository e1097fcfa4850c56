"""One-shot search: methods as rows of data, over one supernet."""

from typing import TYPE_CHECKING

from nasbed.core.lazy import lazily

if TYPE_CHECKING:
    from nasbed.oneshot.course import Course as Course, Moment as Moment
    from nasbed.oneshot.methods import METHODS as METHODS, Choice as Choice, Descent as Descent, Method as Method
    from nasbed.oneshot.running import Running as Running
    from nasbed.oneshot.searching import OneShot as OneShot
else:
    __getattr__, __dir__ = lazily(__name__)
