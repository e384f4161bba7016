"""How what a worker is at is broken off."""


class WorkerStoppingError(BaseException):
    """Breaks a stage off because its worker stops. No `Exception`: DBOS must not take it for the step's result."""
