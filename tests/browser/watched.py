"""A page that is watched while a test uses it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Page


@contextmanager
def watched_page(browser: Browser, address: str, **context: Any) -> Iterator[Page]:
    """A page in a context of its own; at the end no script failed and nothing was asked of anybody but `address`."""
    own = browser.new_context(base_url=address, **context)
    page = own.new_page()
    strangers, errors = [], []
    page.on("request", lambda r: strangers.append(r.url) if not r.url.startswith((address, "blob:", "data:")) else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    own.close()
    assert strangers == []
    assert errors == []
