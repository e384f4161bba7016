"""How often somebody may do something."""

import threading
import time
from collections import deque
from collections.abc import Callable

_MOST_KEYS = 10_000


class RateLimit:
    """At most `limit` events in `window_s` seconds for each key; in the memory of this process."""

    def __init__(self, limit: int, window_s: float, now: Callable[[], float] = time.monotonic) -> None:
        self.limit, self.window_s, self._now = limit, window_s, now
        self._events: dict[str, deque[float]] = {}
        self._lock = threading.Lock()

    def is_exceeded(self, key: str) -> bool:
        """Whether the next event would be one too many."""
        with self._lock:
            return len(self._recent(key)) >= self.limit

    def note(self, key: str) -> None:
        """Count an event."""
        with self._lock:
            events = self._recent(key)
            events.append(self._now())
            self._events[key] = events
            if len(self._events) > _MOST_KEYS:  # somebody tries many addresses: the oldest are forgotten
                del self._events[next(iter(self._events))]

    def _recent(self, key: str) -> deque[float]:
        events = self._events.pop(key, None) or deque(maxlen=self.limit)
        while events and events[0] <= self._now() - self.window_s:
            events.popleft()
        if events:
            self._events[key] = events
        return events
