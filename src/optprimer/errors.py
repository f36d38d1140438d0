"""The one exception that a user is meant to read."""


class UserError(Exception):
    """Bad input, told in one line that names the key or file; the command line prints it without a traceback."""
