"""Fetching from servers that behave as sites do: the allowed one is on 127.0.0.2, nothing may ask that on 127.0.0.1."""

import dataclasses
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_network
from pathlib import Path

import av
import numpy as np
import pytest
from support.link_servers import body, endless, redirect, serving, status
from support.videos import frame_number, write_numbered_video

from core.errors import BadInputError, CancelledError
from core.video.decode import probe, read_frames
from core.video.fetch import Found, fetch_video
from core.video.fetch_settings import FetchSettings
from core.video.link import read_link

SETTINGS = FetchSettings(
    max_bytes=2_000_000,
    max_page_bytes=1_000_000,
    max_seconds=60.0,
    time_limit_s=60.0,
    allow=(ip_network("127.0.0.2/32"),),
)
PAGE = b"<!doctype html><html><head><title>A page</title></head><body>%s</body></html>"
M3U8 = "application/vnd.apple.mpegurl"


def playlist(*pieces: str, ended: bool = True) -> bytes:
    head = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:0\n"
    lines = "".join(f"#EXTINF:1.0,\n{each}\n" for each in pieces)
    return (head + lines + ("#EXT-X-ENDLIST\n" if ended else "")).encode()


def as_stream(video: Path, out: Path) -> bytes:
    """The video as MPEG-TS, which HLS comes in pieces of."""
    with av.open(str(video)) as source, av.open(str(out), "w", format="mpegts") as target:
        copied = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(source.streams.video[0]):
            if packet.dts is not None:
                packet.stream = copied
                target.mux(packet)
    return out.read_bytes()


def fetched(link: str, folder: Path, settings: FetchSettings = SETTINGS) -> tuple[Path, Found] | str:
    """The file and what is known of it, or the sentence."""
    try:
        return fetch_video(read_link(link), folder / "source", settings)
    except BadInputError as error:
        return str(error)


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """What came of every link, by name, and what the forbidden server was asked for; fetched a few at a time."""
    root = tmp_path_factory.mktemp("links")
    video = write_numbered_video(root / "small.mp4", frames=40, fps=20)
    mp4, stream = video.read_bytes(), as_stream(video, root / "small.ts")
    half = len(stream) // 376 * 188
    with serving("127.0.0.2") as site, serving("127.0.0.1") as forbidden:
        private_name = forbidden["/v.mp4"].replace("127.0.0.1", "localhost")
        forbidden.answers["/v.mp4"] = body(mp4)
        site.answers |= {
            "/v.mp4": body(mp4),
            "/no-length.mp4": body(mp4, length=False),
            "/there.mp4": redirect(site["/v.mp4"]),
            "/away.mp4": redirect(forbidden["/v.mp4"]),
            "/named.mp4": redirect(private_name),
            "/ftp.mp4": redirect("ftp://127.0.0.1/v.mp4"),
            "/file.mp4": redirect("file:///etc/passwd"),
            "/loop.mp4": redirect(site["/loop.mp4"]),
            "/403.mp4": status(403),
            "/500.mp4": status(500),
            "/endless.mp4": endless(b"\0" * 65536),
            "/endless-page": endless(b"<html>" + b" " * 65536, "text/html"),
            "/slow.mp4": body(mp4, pause=lambda: time.sleep(1)),
            "/text": body(PAGE % b"no video", "text/html"),
            "/page": body(PAGE % b'<video src="/v.mp4"></video>', "text/html"),
            "/two": body(PAGE % b'<video src="/v.mp4"></video><video src="/no-length.mp4"></video>', "text/html"),
            "/inward": body(PAGE % f'<video src="{private_name}"></video>'.encode(), "text/html"),
            "/local": body(PAGE % b'<video src="file:///etc/passwd"></video>', "text/html"),
            "/hls.m3u8": body(playlist("1.ts", "2.ts"), M3U8),
            "/1.ts": body(stream[:half], "video/mp2t"),
            "/2.ts": body(stream[half:], "video/mp2t"),
            "/hls-in.m3u8": body(playlist("1.ts", private_name), M3U8),
            "/live.m3u8": body(playlist("1.ts", ended=False), M3U8),
            "/long.mp4": body(mp4),
            "/broken.mp4": body(b"not a video" * 100),
        }
        special = {
            "/slow.mp4": dataclasses.replace(SETTINGS, time_limit_s=6.0),
            "/long.mp4": dataclasses.replace(SETTINGS, max_seconds=1.0),
        }
        names = [*(path for path in site.answers if path not in ("/1.ts", "/2.ts")), "/missing.mp4"]
        links = {name: site[name] for name in names}

        def work(name: str):
            return name, fetched(links[name], root / f"run{names.index(name)}", special.get(name, SETTINGS))

        with ThreadPoolExecutor(3) as pool:
            told = dict(pool.map(work, names))
        yield told, forbidden.asked, {name: root / f"run{i}" for i, name in enumerate(names)}


@pytest.mark.parametrize("name", ["/v.mp4", "/no-length.mp4", "/there.mp4", "/page", "/hls.m3u8"])
def test_a_video_is_fetched_whole(outcomes, name):
    path, found = outcomes[0][name]
    assert [frame_number(each) for each in read_frames(path)] == list(range(40))
    assert probe(path).duration_s == pytest.approx(2.0, abs=0.1)
    assert found.site
    assert found.page.startswith("http://127.0.0.2:")
    assert [each.name for each in path.parent.iterdir()] == ["video.mp4"]


def test_the_stream_in_pieces_has_exact_times(outcomes):
    path, _ = outcomes[0]["/hls.m3u8"]
    later = next(iter(read_frames(path, 1.0)))
    assert frame_number(later) == 20
    assert isinstance(later, np.ndarray)


WORDS = {
    "/away.mp4": "private network",
    "/named.mp4": "private network",
    "/inward": "private network",
    "/hls-in.m3u8": "private network",
    "/ftp.mp4": "private network",
    "/file.mp4": "Try again",
    "/loop.mp4": "upload",
    "/local": "upload",
    "/403.mp4": "refuses to hand out",
    "/500.mp4": "answered with an error",
    "/missing.mp4": "no video at this link",
    "/endless.mp4": "more than 2 MB",
    "/endless-page": "far too large",
    "/slow.mp4": "took too long",
    "/text": "No video was found",
    "/two": "list of several videos",
    "/live.m3u8": "live stream",
    "/long.mp4": "longer than",
    "/broken.mp4": "cannot be read",
}


@pytest.mark.parametrize(("name", "words"), WORDS.items())
def test_what_cannot_be_fetched_is_a_sentence_and_leaves_nothing(outcomes, name, words):
    told, _, folders = outcomes
    assert isinstance(told[name], str), told[name]
    assert words in told[name]
    assert "127.0.0" not in told[name]
    assert not any(each.is_file() for each in folders[name].rglob("*"))


def test_nothing_ever_asked_the_forbidden_server(outcomes):
    assert outcomes[1] == []


def test_cancelling_ends_the_process_and_leaves_nothing(tmp_path):
    seen = []

    def progress(fraction: float, message: str) -> None:
        seen.append(message)
        if "MB" in message:
            raise CancelledError("The run was cancelled.")

    go_on = threading.Event()
    with serving("127.0.0.2") as site:
        site.answers["/v.mp4"] = body(b"\0" * 900_000, pause=lambda: go_on.wait(0.01))
        link = read_link(site["/v.mp4"])
        with pytest.raises(CancelledError):
            fetch_video(link, tmp_path / "source", SETTINGS, progress)
    go_on.set()
    assert "looking at the page" in seen
    assert not any(each.is_file() for each in tmp_path.rglob("*"))


def test_what_can_be_refused_at_once_is(tmp_path):
    for link in ("http://127.0.0.1/", "http://[::1]:8080/", "http://2130706433/", "http://[64:ff9b::a00:1]/"):
        assert "private network" in str(fetched(link, tmp_path))
    off = dataclasses.replace(SETTINGS, enabled=False)
    assert "switched off" in str(fetched("https://example.org/", tmp_path, off))
    assert not list(tmp_path.iterdir())
