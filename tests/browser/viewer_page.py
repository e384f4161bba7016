"""What the browser tests do with the viewer page: wait, seek, look at a pane's pixels, ask where a joint is."""

import io
import time

import numpy as np
from PIL import Image
from playwright.sync_api import Page

WAIT_S = 40


def wait_for(page: Page, condition: str) -> None:
    """Until the JavaScript condition holds (asked from here: the page's policy lets nothing be evaluated in it)."""
    end = time.monotonic() + WAIT_S
    while not page.evaluate(f"() => Boolean({condition})"):
        if time.monotonic() > end:
            panes = page.evaluate("() => JSON.stringify(window.understudyViewer?.panes())")
            raise AssertionError(f"This did not become true within {WAIT_S} s: {condition}. Panes: {panes}")
        page.wait_for_timeout(50)


def ready(page: Page) -> Page:
    wait_for(page, "window.understudyViewer?.ready")
    return page


def seek(page: Page, seconds: float) -> None:
    page.evaluate("(t) => window.understudyViewer.seek(t)", seconds)


def frame_of(page: Page) -> int:
    return int(page.evaluate("() => window.understudyViewer.frame()"))


def joint(page: Page, pane: str, name: str) -> list[float]:
    found = page.evaluate("([pane, name]) => window.understudyViewer.jointPosition(pane, name)", [pane, name])
    assert found is not None, f"{pane} has no joint {name}"
    return list(found)


def picture(page: Page, pane: int) -> np.ndarray:
    """What is on the screen in a pane once it moves no more and every pixel is drawn, [height, width, 3]."""
    wait_for(page, "window.understudyViewer.atRest")
    data = page.locator(".viewport").nth(pane).screenshot(animations="disabled")
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)


def body_pixels(image: np.ndarray) -> int:
    """Pixels of the upper half, where only the even backdrop is, that differ from the backdrop at the left edge."""
    upper = image[4 : len(image) // 2, 4:-4]
    return int((np.abs(upper - upper[:, :1]).max(axis=2) > 30).sum())


def changed_pixels(a: np.ndarray, b: np.ndarray) -> int:
    return int((np.abs(a - b).max(axis=2) > 24).sum())


def video_frame(page: Page) -> int:
    """The number that the picture in the video carries."""
    bits = page.evaluate(
        """() => {
          const canvas = Object.assign(document.createElement('canvas'), {width: 160, height: 96});
          const context = canvas.getContext('2d');
          context.drawImage(document.querySelector('video'), 0, 0);
          return Array.from({length: 8}, (_, bit) => context.getImageData(bit * 20 + 10, 20, 1, 1).data[0] > 127);
        }"""
    )
    return sum(1 << bit for bit, on in enumerate(bits) if on)
