"""Fetched streams as files that the rest of the pipeline reads: MPEG-TS, which HLS comes in, becomes mp4."""

from pathlib import Path

import av
import av.error

from core.errors import BadInputError

_GUARD = {"protocol_whitelist": "file", "format_whitelist": "mpegts"}
_SYNC = 0x47
_PACKET = 188


def as_readable_video(path: Path) -> Path:
    """`path` itself, or an mp4 beside it with the same pictures, not encoded again, where it is an MPEG-TS."""
    head = _head(path)
    if len(head) > _PACKET and head[0] == head[_PACKET] == _SYNC:
        return _as_mp4(path, path.with_name(path.stem + "-whole.mp4"))
    return path


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(2 * _PACKET)


def _as_mp4(path: Path, out: Path) -> Path:
    try:
        with av.open(str(path), options=_GUARD) as source, av.open(str(out), "w", format="mp4") as target:
            pictures = source.streams.video[0]
            copied = target.add_stream_from_template(pictures)
            for packet in source.demux(pictures):
                if packet.dts is None:
                    continue
                packet.stream = copied
                target.mux(packet)
    except (av.error.FFmpegError, IndexError, ValueError) as error:
        raise BadInputError(
            "The link leads to a stream whose pictures cannot be read. Download the video yourself and upload the file."
        ) from error
    return out
