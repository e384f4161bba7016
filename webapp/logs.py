"""The log: plain lines, or one JSON object a line for collectors; every record names the run it is about."""

import json
import logging
import sys
from datetime import UTC, datetime

from core.jobs.run_log import current_run


class RunFilter(logging.Filter):
    """Adds `run` to every record: the run that this thread is at, or an empty string."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let everything through."""
        record.run = current_run.get()
        return True


class JsonFormatter(logging.Formatter):
    """time (UTC), level, logger, message, and run and error where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        content = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if run := getattr(record, "run", ""):
            content["run"] = run
        if record.exc_info:
            content["error"] = self.formatException(record.exc_info)
        return json.dumps(content)


def set_up_logging(kind: str) -> None:
    """Send the log to the error output as "text" (warnings and worse) or "json" (also what goes well)."""
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(RunFilter())
    plain = logging.Formatter("%(asctime)s %(levelname)s %(name)s %(run)s: %(message)s")
    handler.setFormatter(JsonFormatter() if kind == "json" else plain)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in ("core", "webapp"):
        logging.getLogger(name).setLevel(logging.INFO if kind == "json" else logging.WARNING)
