"""The errors that a person may meet.

Every message says three things: what was expected, what came, and what to do. Anything else that escapes a stage is a
bug and is logged with its traceback; these are shown as they are.
"""


class UnderstudyError(Exception):
    """Base of all errors whose message is meant for a person."""


class BadInputError(UnderstudyError):
    """What was given cannot be used: not a video, a window outside it, a motion with NaN."""


class NoPersonError(BadInputError):
    """The keypoint stage found nobody in the window."""


class AssetError(UnderstudyError):
    """A file that ships with the project is missing or is not the one that its checksum names."""


class MissingDependencyError(UnderstudyError):
    """Something optional is asked for and not installed; the message says how to get it."""


class RunNotFoundError(UnderstudyError):
    """No run has this id, or the file asked for does not belong to it."""


class CancelledError(UnderstudyError):
    """The person cancelled; raised from a progress callback, it ends the stage at its next report."""
