"""The one exception that a user is meant to read."""

import re

_BREAKS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class UserError(Exception):
    """Bad input, told in one line that names the key or file; the command line prints it without a traceback.

    Names of files may hold line ends; they are shown as Python writes them.
    """

    def __init__(self, line: str) -> None:
        super().__init__(_BREAKS.sub(lambda found: repr(found.group())[1:-1], line))
