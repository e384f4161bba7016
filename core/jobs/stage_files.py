"""A run's files between its stages: fetched from where they are kept before one, taken there after it."""

import errno
import logging
import time
from collections.abc import Callable

from core.errors import UnderstudyError
from core.jobs.mirror import MovedOnError
from core.jobs.object_store import StoreAwayError
from core.jobs.patience import PATIENCE_S
from core.jobs.stage_server import DISK_FULL
from core.jobs.stopping import WorkerStoppingError

_log = logging.getLogger(__name__)
_LONGEST_PAUSE_S = 10.0


def moved(move: Callable[[], None], look: Callable[[], None]) -> str | None:
    """Push or pull, and again for some minutes where the store is away; what went wrong in the end, in a sentence.

    `look` is asked meanwhile and may raise to break off. Where another worker has gone on with the run this one breaks
    off, too: it was cut off, and was declared dead.
    """
    deadline, pause = time.monotonic() + PATIENCE_S, 0.25
    while True:
        try:
            move()
            return None
        except MovedOnError as error:
            _log.warning("%s", error)
            raise WorkerStoppingError from error
        except StoreAwayError as error:
            if time.monotonic() > deadline:
                return str(error)
        except UnderstudyError as error:
            return str(error)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            return DISK_FULL
        until = time.monotonic() + pause
        while time.monotonic() < until:
            look()
            time.sleep(0.25)
        pause = min(2 * pause, _LONGEST_PAUSE_S)
