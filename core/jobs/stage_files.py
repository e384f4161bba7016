"""A run's files between its stages: fetched from where they are kept before one, taken there after it."""

import errno
import logging
import time
from collections.abc import Callable

from dbos import DBOS

from core.errors import UnderstudyError
from core.jobs.mirror import MovedOnError
from core.jobs.object_store import StoreAwayError
from core.jobs.patience import PATIENCE_S, patiently
from core.jobs.stage_server import DISK_FULL
from core.jobs.stopping import WorkerStoppingError

_log = logging.getLogger(__name__)
_LONGEST_PAUSE_S = 10.0


def break_off_if_taken_over(error: MovedOnError) -> None:
    """Raise `WorkerStoppingError` where this workflow is another worker's by now, which goes on with it.

    Where it is still this one's, nobody else would: its files were written for another reason, and it has to end.
    """
    _log.warning("%s", error)
    mine = patiently(DBOS.list_workflows, workflow_ids=[DBOS.workflow_id or ""], load_input=False, load_output=False)
    if not mine or mine[0].status != "PENDING" or mine[0].executor_id != DBOS.executor_id:
        raise WorkerStoppingError from error


def moved(move: Callable[[], None], look: Callable[[], None]) -> str | None:
    """Push or pull, and again for some minutes where the store is away; what went wrong in the end, in a sentence.

    `look` is asked meanwhile and may raise to break off. Where another worker has taken over what this one is at, it
    breaks off, too: it was cut off, and was declared dead.
    """
    deadline, pause = time.monotonic() + PATIENCE_S, 0.25
    while True:
        try:
            move()
            return None
        except MovedOnError as error:
            look()
            break_off_if_taken_over(error)
            return str(error)
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
