"""The factory: tables made by training every architecture of a space, in campaigns; and listings of spaces."""

from typing import TYPE_CHECKING

from nasbed.core.lazy import lazily

if TYPE_CHECKING:
    from nasbed.factory.job import Job as Job
    from nasbed.factory.listing import write_enumeration as write_enumeration, write_space as write_space
    from nasbed.factory.models_file import read_models as read_models
    from nasbed.factory.selection import Selection as Selection
    from nasbed.factory.settings import training_settings as training_settings
    from nasbed.factory.standing import Standing as Standing, standings as standings
else:
    __getattr__, __dir__ = lazily(__name__)
