"""Files that are no videos, only look like some, or ask for far too much."""

import io
import random
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import Image, PngImagePlugin

from benchmarks.hostile_inputs import Input, upload


def files(forbidden: str, dice: random.Random) -> Iterator[Input]:
    """All of them, as uploads; those that could lead somewhere lead to `forbidden`."""
    for name, content in (*_other_kinds(dice), *_leading(forbidden), *_pictures(), *_videos(), *_damaged(dice)):
        yield upload("files", name, name.replace(" ", "-"), content)


def video(
    codec: str = "libx264",
    form: str = "mp4",
    frames: int = 20,
    size: tuple[int, int] = (64, 48),
    rate: int = 10,
    gap: int = 1,
) -> bytes:
    """A small video of noise in one of several codecs and containers; `gap` is the time between frames in ticks."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"v.{form}"
        with av.open(str(path), "w") as container:
            stream: Any = container.add_stream(codec, rate=rate)
            stream.width, stream.height = size
            stream.pix_fmt = {"mjpeg": "yuvj420p", "png": "rgb24"}.get(codec, "yuv420p")
            picture = np.random.default_rng(0).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
            for i in range(frames):
                frame = av.VideoFrame.from_ndarray(np.roll(picture, i, axis=1), format="rgb24")
                frame.pts, frame.time_base = i * gap, Fraction(1, rate)
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
        return path.read_bytes()


def _other_kinds(dice: random.Random) -> Iterator[tuple[str, bytes]]:
    yield "empty.mp4", b""
    yield "one byte.mp4", b"\0"
    yield "text.mp4", b"once upon a time\n" * 100
    yield "page.mp4", b"<!doctype html><script>alert(1)</script>"
    yield "program.mp4", b"\x7fELF\x02\x01\x01" + dice.randbytes(5000)
    yield "script.mov", b"#!/bin/sh\nid > /tmp/evil\n"
    yield "pickle.mp4", b"cos\nsystem\n(S'id'\ntR."
    yield "document.mp4", b"%PDF-1.7\n" + dice.randbytes(2000)
    yield "noise.webm", dice.randbytes(300_000)
    yield "zeros.mkv", bytes(300_000)
    yield "magic and noise.mp4", struct.pack(">I8sI", 24, b"ftypisom", 512) + b"isommp42" + dice.randbytes(50_000)
    yield "matroska magic.mkv", b"\x1a\x45\xdf\xa3\x01\xff\xff\xff\xff\xff\xff\xff" + dice.randbytes(50_000)
    yield "avi magic.avi", b"RIFF\xff\xff\xff\xffAVI LIST\xff\xff\xff\xffhdrlavih" + dice.randbytes(50_000)
    yield "box of 2^64.mp4", struct.pack(">I8sI", 24, b"ftypisom", 512) + b"isommp42\0\0\0\1moov" + b"\xff" * 8
    box = b"moov" + dice.randbytes(10)
    for _ in range(2000):
        box = b"trak" + struct.pack(">I", len(box) + 4) + box
    yield (
        "boxes in boxes.mp4",
        struct.pack(">I8sI", 24, b"ftypisom", 512) + b"isommp42" + struct.pack(">I", len(box) + 4) + box,
    )
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.mp4", bytes(50_000_000))
    yield "bomb.mp4", bomb.getvalue()
    yield "packed.mp4", zlib.compress(bytes(10_000_000))


def _leading(forbidden: str) -> Iterator[tuple[str, bytes]]:
    """Lists of other places in disguise."""
    lists = {
        "playlist": f"#EXTM3U\n#EXTINF:10,\n{forbidden}/a.ts\n#EXT-X-ENDLIST\n",
        "local playlist": "#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
        "concat": f"ffconcat version 1.0\nfile '{forbidden}/a.mp4'\n",
        "concat local": "ffconcat version 1.0\nfile /etc/passwd\n",
        "manifest": f'<?xml version="1.0"?><MPD><BaseURL>{forbidden}/</BaseURL><Period><AdaptationSet/></Period></MPD>',
        "session": "v=0\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n",
        "drawing": f'<svg xmlns="http://www.w3.org/2000/svg"><image href="{forbidden}/x.png"/></svg>',
        "drawing entity": f'<!DOCTYPE svg [<!ENTITY x SYSTEM "{forbidden}/x">]><svg>&x;</svg>',
        "reference": f"[Reference]\nRef1={forbidden}/a.mp4\n",
        "asx": f'<asx version="3.0"><entry><ref href="{forbidden}/a"/></entry></asx>',
        "postscript": "%!PS\n(/etc/passwd) (r) file\n",
    }
    for name, text in lists.items():
        yield f"{name}.mp4", text.encode()
    yield "playlist.png", lists["playlist"].encode()
    yield "concat.mov", lists["concat"].encode()
    mov = video("libx264", "mov")
    outside = b"url " + struct.pack(">I", 0) + forbidden.encode()[:24].ljust(24, b"\0")
    yield "data elsewhere.mov", mov.replace(b"url \0\0\0\1", outside[:8])


def _png(width: int, height: int, *chunks: tuple[bytes, bytes]) -> bytes:
    parts = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)), *chunks, (b"IEND", b"")]
    packed = (struct.pack(">I", len(d)) + n + d + struct.pack(">I", zlib.crc32(n + d)) for n, d in parts)
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


def _pictures() -> Iterator[tuple[str, bytes]]:
    for width, height in ((1, 1), (60_000, 60_000), (2**31 - 1, 1), (1, 2**31 - 1), (0, 0), (9_000, 9_000)):
        yield f"{width} x {height}.png", _png(width, height, (b"IDAT", zlib.compress(bytes(1000))))
    yield "rows of zeros.png", _png(7_000, 7_000, (b"IDAT", zlib.compress(bytes(7_000 * 21_001))))
    yield "long text.png", _png(8, 8, (b"zTXt", b"a\0\0" + zlib.compress(bytes(80_000_000))), (b"IDAT", b""))
    yield "colours.png", _png(8, 8, (b"iCCP", b"a\0\0" + zlib.compress(bytes(80_000_000))), (b"IDAT", b""))
    for form in ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF"):
        data = io.BytesIO()
        Image.fromarray(np.random.default_rng(1).integers(0, 255, (40, 60, 3), dtype=np.uint8)).save(data, form)
        content = data.getvalue()
        yield f"half.{form.lower()}", content[: len(content) // 2]
        yield f"a picture.{form.lower()}", content
        if form == "JPEG":
            at = content.index(b"\xff\xc0") + 5
            yield "huge.jpg", content[:at] + b"\xff\xff\xff\xff" + content[at + 4 :]
        if form == "BMP":
            yield "huge.bmp", content[:18] + struct.pack("<ii", 2**31 - 1, -(2**31)) + content[26:]
    frames = [Image.new("RGB", (16, 16), (i, 0, 0)) for i in range(30)]
    for form in ("PNG", "WEBP", "GIF"):
        data = io.BytesIO()
        more = {"pnginfo": PngImagePlugin.PngInfo()} if form == "PNG" else {}
        frames[0].save(data, form, save_all=True, append_images=frames[1:], **more)
        yield f"moving.{form.lower()}", data.getvalue()


def _videos() -> Iterator[tuple[str, bytes]]:
    yield "one frame.mp4", video(frames=1)
    yield "two by two.mp4", video(size=(2, 2))
    yield "wide.mp4", video(size=(8192, 16), frames=3)
    yield "tall.avi", video("mjpeg", "avi", size=(16, 8192), frames=3)
    yield "a thousand a second.mp4", video(rate=1000, frames=50)
    yield "a frame an hour.mp4", video(rate=1, frames=4, gap=3600)
    yield "many frames.mp4", video(size=(16, 16), frames=6000, rate=100)
    for side in (20_000, 30_000, 65_000):  # the size stands in every picture; the pictures are small
        small = video("png", "mov", frames=2, size=(64, 64))
        yield f"{side} px.mov", small.replace(struct.pack(">II", 64, 64), struct.pack(">II", side, side))
    base = video()
    for name, box, at, value in (
        ("length of 136 years.mp4", b"mvhd", 20, b"\xff\xff\xff\xff"),
        ("no length.mp4", b"mdhd", 20, b"\0\0\0\0"),
        ("no clock.mp4", b"mdhd", 16, b"\0\0\0\0"),
        ("many times.mp4", b"stts", 8, b"\x7f\xff\xff\xff"),
        ("frames of ages.mp4", b"stts", 16, b"\x7f\xff\xff\xff"),
        ("many samples.mp4", b"stsz", 12, b"\xff\xff\xff\xff"),
        ("no samples.mp4", b"stsz", 12, b"\0\0\0\0"),
        ("many chunks.mp4", b"stco", 8, b"\xff\xff\xff\xff"),
        ("far chunks.mp4", b"stco", 12, b"\xff\xff\xff\xff"),
        ("no codec.mp4", b"avc1", 0, b"zzzz"),
        ("odd turn.mp4", b"tkhd", 44, b"\xff" * 36),
    ):
        where = base.index(box) + at
        yield name, base[:where] + value + base[where + len(value) :]
    with_sound = io.BytesIO()
    with av.open(with_sound, "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.float32), format="fltp", layout="mono")
        frame.rate = 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    yield "sound only.mp4", with_sound.getvalue()


def _damaged(dice: random.Random) -> Iterator[tuple[str, bytes]]:
    kinds = {
        "mp4": ("libx264", "mp4"),
        "avi": ("mjpeg", "avi"),
        "mkv": ("libx264", "matroska"),
        "webm": ("libvpx-vp9", "webm"),
    }
    for suffix, (codec, form) in kinds.items():
        content = video(codec, "mkv" if form == "matroska" else form)
        for percent in (5, 50, 95):
            yield f"first {percent} percent.{suffix}", content[: len(content) * percent // 100]
        for i in range(6):
            changed = bytearray(content)
            for _ in range(1 + 20 * i):
                changed[dice.randrange(len(changed))] = dice.randrange(256)
            yield f"damage {i}.{suffix}", bytes(changed)
        yield f"head gone.{suffix}", content[500:]
        yield f"twice.{suffix}", content + content
