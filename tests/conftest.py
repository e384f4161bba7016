"""What all tests share: their order."""

from pathlib import Path

import pytest

BROWSER = Path(__file__).parent / "browser"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the browser's tests last: Playwright keeps an event loop running in the thread until the session ends, and
    the synchronous interface of DBOS refuses to work beside one."""
    items.sort(key=lambda item: item.path.is_relative_to(BROWSER))
