"""Giving the runs of a worker that is gone back to the queue, for any other to continue."""

import sqlalchemy as sa
from dbos import DBOSClient

from core.jobs.heartbeat import declare_dead
from core.jobs.queues import QUEUES, stored_name
from core.jobs.workflow import run_of


def recover(engine: sa.Engine, client: DBOSClient, name: str) -> list[str]:
    """Put what the worker `name` was at back into the queue and return the ids of runs and trainings.

    `UnderstudyError` where it lives, or nobody knows it. Should it be cut off rather than dead, it finds its name taken
    when it comes back, and stops; a lock on each run's folder keeps two from writing there meanwhile.
    """
    declare_dead(engine, name)
    return give_back(client, name)


def give_back(client: DBOSClient, name: str) -> list[str]:
    """Queue again what is recorded as being in the hands of the worker `name`, which must not be at it."""
    left = client.list_workflows(executor_id=name, status="PENDING", load_input=False, load_output=False)
    given = []
    for queue in map(stored_name, QUEUES):
        ids = [each.workflow_id for each in left if each.queue_name == queue]
        if ids:
            client.resume_workflows(ids, queue_name=queue)
        given += [run_of(workflow) for workflow in ids]
    return given
