"""The viewer in real Chromium, over the served site: how soon it can be used, whether panes agree, what they take.

    python -m benchmarks.studio [--seconds 60]

Prints studio.usable_seconds (a four-second run, from opening its address until every pane's motion is drawn; median of
three), .four_panes_usable_seconds (of `--seconds`), .pane_sync_frames_seeking and .pane_sync_frames (the most that two
panes are apart, after each of 25 seeks, and over all pictures drawn in 12 s of playing: the frame of the video is read
from its pixels, that of a body from where its pelvis stands), .pane_sync_frames_mean, .pictures_per_second, and
.four_panes_mb (proportional set size of the page's process, less an empty page; _gpu: of Chromium's drawing process,
which holds the textures). WebGL is drawn in software, so .usable_cpu_seconds has the processor time of all processes.
studio.polling_core_share is what twenty pages that watch runs at work cost the server (benchmarks/studio_polling.py),
the server's own share while nobody asks included; that alone is .idle_core_share.
"""

import argparse
import os
import random
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks import report
from benchmarks.studio_polling import polling_share
from benchmarks.studio_run import BITS, BLOCK, FPS, HEIGHT, SPEED, adopt_run

_ARGUMENTS = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
_PANES = "source,hmr,motion,sampling"
_USABLE = "() => Boolean(window.understudyViewer?.usable)"
_READY = "() => window.understudyViewer.ready"
# What was drawn is on its way to the screen once two more pictures were asked for.
_SHOWN = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
_WAIT_MS = 120_000
_POLLED_S = 20.0

_WATCH = f"""() => {{
  const canvas = Object.assign(document.createElement('canvas'), {{width: {BITS}, height: 1}});
  const context = canvas.getContext('2d', {{willReadFrequently: true}});
  window.framesNow = () => {{
    const screen = understudyViewer.screen();
    const [wide, high] = [screen.videoWidth ?? screen.width, screen.videoHeight ?? screen.height];
    const width = Math.min(wide, high * {BITS * BLOCK} / {HEIGHT});
    const height = width / {BITS * BLOCK} * {HEIGHT};
    context.drawImage(screen, (wide - width) / 2, (high - height) / 2, width, height, 0, 0, {BITS}, 1);
    const pixels = context.getImageData(0, 0, {BITS}, 1).data;
    const film = Array.from({{length: {BITS}}}, (_, i) => (pixels[4 * i] > 127) << i).reduce((a, b) => a + b);
    const bodies = [1, 2, 3].map((pane) => understudyViewer.drawnJoint(pane, 'pelvis')[0] * {FPS / SPEED});
    return [film, ...bodies];
  }};
  window.samples = [];
  const draw = () => {{ samples.push(framesNow()); requestAnimationFrame(draw); }};
  window.watch = () => requestAnimationFrame(draw);
}}"""


def main() -> None:
    """Run it and print the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=60.0)
    seconds = parser.parse_args().seconds
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        short, long = (adopt_run(Path(folder) / name, length) for name, length in (("short", 4.0), ("long", seconds)))
        for name, run in (("short", short), ("long", long)):
            home = Path(folder) / name
            with _served(home) as (site, server):
                with _chromium(playwright) as (browser, process):
                    viewer = f"{site}/viewer/index.html?run={run}"
                    if name == "short":
                        _measure_opening(browser, process, viewer)
                    else:
                        _measure_panes(browser, process, f"{viewer}&keypoints=0&panes={_PANES}", seconds)
                if name == "short":
                    _measure_polling(site, server, home, run)


def _measure_opening(browser: Browser, process: int, address: str) -> None:
    times, spent = [], []
    for _ in range(3):
        before = _cpu_seconds(process)
        page, seconds = _open(browser, address)
        times.append(seconds)
        spent.append(_cpu_seconds(process) - before)
        page.close()
    report("studio.usable_seconds", statistics.median(times), "s")
    report("studio.usable_cpu_seconds", statistics.median(spent), "s")


def _measure_polling(site: str, server: int, home: Path, run: str) -> None:
    before = _cpu_seconds(server)
    time.sleep(_POLLED_S / 2)
    report("studio.idle_core_share", (_cpu_seconds(server) - before) / (_POLLED_S / 2), "cores")
    share = polling_share(site, home, run, lambda: _cpu_seconds(server), _POLLED_S)
    report("studio.polling_core_share", share, "cores")


def _measure_panes(browser: Browser, process: int, address: str, seconds: float) -> None:
    empty = browser.new_page()
    empty.goto("about:blank")
    before = _memory_mb(process)
    page, usable = _open(browser, address)
    report("studio.four_panes_usable_seconds", usable, "s")
    page.evaluate(_WATCH)
    draws = random.Random(0)
    apart = 0.0
    for _ in range(25):
        page.evaluate("(t) => understudyViewer.seek(t)", draws.uniform(0, seconds))
        apart = max(apart, _apart(page.evaluate("() => framesNow()")))
    report("studio.pane_sync_frames_seeking", apart, "frames")
    page.evaluate("(t) => understudyViewer.seek(t)", 0)
    page.keyboard.press(" ")
    page.wait_for_timeout(1000)
    page.evaluate("() => watch()")
    page.wait_for_timeout(12_000)
    samples = page.evaluate("() => samples")
    report("studio.pane_sync_frames", max(map(_apart, samples)), "frames")
    report("studio.pane_sync_frames_mean", statistics.mean(map(_apart, samples)), "frames")
    report("studio.pictures_per_second", len(samples) / 12.0, "/s")
    for kind, size in _memory_mb(process).items():
        report(f"studio.four_panes_mb{kind and '_' + kind}", size - before.get(kind, 0.0), "MB")


def _apart(frames: list[float]) -> float:
    """How many frames lie between the panes that are furthest apart; a body's place is rounded to its frame."""
    whole = [round(frame) for frame in frames]
    return float(max(whole) - min(whole))


def _open(browser: Browser, address: str) -> tuple[Page, float]:
    """A page on the address, and the seconds until every pane showed its motion."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    started = time.perf_counter()
    page.goto(address)
    _wait(page, _USABLE)
    page.evaluate(_SHOWN)
    seconds = time.perf_counter() - started
    _wait(page, _READY)
    return page, seconds


def _wait(page: Page, condition: str) -> None:
    until = time.perf_counter() + _WAIT_MS / 1000
    while not page.evaluate(condition):
        if time.perf_counter() > until:
            raise RuntimeError(f"The viewer did not become ready: {page.evaluate('() => document.body.innerText')}")
        time.sleep(0.02)


@contextmanager
def _chromium(playwright: object) -> Iterator[tuple[Browser, int]]:
    """The machine's Chromium, and the number of its first process."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    browser = playwright.chromium.launch(executable_path=path, args=_ARGUMENTS)  # type: ignore[attr-defined]
    try:
        yield browser, _browser_process()
    finally:
        browser.close()


def _browser_process() -> int:
    """The process below this one that started no helper of a type: Chromium itself."""
    for number in _descendants(os.getpid()):
        words = Path(f"/proc/{number}/cmdline").read_bytes().decode(errors="replace")
        if "--use-angle=swiftshader" in words and "--type=" not in words:
            return number
    raise RuntimeError("Chromium's process was not found below this one.")


def _descendants(root: int) -> list[int]:
    parents: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            number, after = int(stat.parent.name), stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        parents.setdefault(int(after[1]), []).append(number)
    found = [root]
    for number in found:
        found += parents.get(number, [])
    return found


def _memory_mb(process: int) -> dict[str, float]:
    """Proportional set size of the process and all below it: of the pages' processes ("") and of the "gpu"'s."""
    sizes = {"": 0.0, "gpu": 0.0}
    for number in _descendants(process):
        try:
            lines = Path(f"/proc/{number}/smaps_rollup").read_text().splitlines()
            words = Path(f"/proc/{number}/cmdline").read_bytes().decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
        kind = "gpu" if "--type=gpu-process" in words else "" if "--type=renderer" in words else None
        if kind is not None:
            sizes[kind] += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1000
    return sizes


def _cpu_seconds(process: int) -> float:
    """Processor seconds that the process and all below it have taken."""
    ticks = 0
    for number in _descendants(process):
        try:
            after = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        ticks += int(after[11]) + int(after[12])
    return ticks / os.sysconf("SC_CLK_TCK")


@contextmanager
def _served(home: Path) -> Iterator[tuple[str, int]]:
    """The address of a site, and the number of its process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        site = f"http://127.0.0.1:{free.getsockname()[1]}"
    command = [sys.executable, "-m", "webapp", "serve", "--port", site.rpartition(":")[2]]
    with (home / "serve.log").open("w") as log:
        server = subprocess.Popen(command, env={**os.environ, "UNDERSTUDY_HOME": str(home)}, stdout=log, stderr=log)
    try:
        until = time.monotonic() + 120
        while not _answers(site):
            if time.monotonic() > until or server.poll() is not None:
                raise RuntimeError((home / "serve.log").read_text())
            time.sleep(0.2)
        yield site, server.pid
    finally:
        server.terminate()
        server.wait(timeout=30)


def _answers(site: str) -> bool:
    try:
        return int(urllib.request.urlopen(f"{site}/healthz", timeout=2).status) == 200
    except (urllib.error.URLError, OSError):
        return False


if __name__ == "__main__":
    main()
