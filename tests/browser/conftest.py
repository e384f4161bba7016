"""Real Chromium for the tests in this folder."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from support.served_sites import served_site
from viewer_stub import ServerThread, Stub, make_run, run_json
from watched import watched_page

# WebGL in software, so that a machine without a GPU (and every CI) draws the same; and a browser that keeps to itself.
ARGUMENTS = [
    "--no-sandbox",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The machine's Chromium, started once. It is never skipped over: what is shown is part of the product."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.fail("Chromium is expected for the browser tests, but is not installed: `make test` installs it.")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def stub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stub]:
    folder = tmp_path_factory.mktemp("run")
    stub = Stub(folder, make_run(folder))
    server = ServerThread(stub.app())
    stub.address = server.start()
    stub.runs["walk"] = run_json("walk")
    yield stub
    server.stop()


@pytest.fixture
def open_page(browser: Browser, stub: Stub) -> Iterator[Callable[..., Page]]:
    """Open the viewer on a run. At the end nothing may have been asked of anybody but the stub, and no error logged."""
    contexts, errors, strangers = [], [], []

    def open_it(
        run: str,
        query: str = "",
        width: int = 1000,
        height: int = 640,
        script: str = "",
        expected: str = "",
        **more: Any,
    ) -> Page:
        context = browser.new_context(viewport={"width": width, "height": height}, **more)
        contexts.append(context)
        page = context.new_page()
        if script:
            page.add_init_script(script)
        page.on("request", lambda r: strangers.append(r.url) if not is_own(r.url) else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on(
            "console",
            lambda m: errors.append(m.text) if m.type == "error" and not (expected and expected in m.text) else None,
        )
        page.goto(stub.url(run, query))
        return page

    def is_own(url: str) -> bool:
        return url.startswith((stub.address, "blob:", "data:"))

    yield open_it
    for context in contexts:
        context.close()
    assert strangers == []
    assert errors == []


FAKES = Path(__file__).resolve().parents[1] / "jobs"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A site over the fake pipeline of tests/jobs."""
    with served_site(tmp_path_factory.mktemp("pages"), "fake_pipeline", str(FAKES)) as address:
        yield address


@pytest.fixture
def page(browser: Browser, served: str) -> Iterator[Page]:
    """A page of a calm system, on a narrow screen."""
    with watched_page(browser, served, viewport={"width": 390, "height": 844}, reduced_motion="reduce") as page:
        yield page
