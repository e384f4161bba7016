"""What is told of a link before it is fetched; the allowed server is on 127.0.0.2, nobody may ask that on 127.0.0.1."""

from io import BytesIO
from ipaddress import ip_network

import pytest
from PIL import Image
from support.link_servers import body, endless, serving

from core.errors import BadInputError
from core.video.fetch_preview import preview_link, small_picture
from core.video.fetch_settings import FetchSettings
from core.video.link import read_link

SETTINGS = FetchSettings(max_bytes=2_000_000, max_page_bytes=1_000_000, allow=(ip_network("127.0.0.2/32"),))
PAGE = '<!doctype html><html><head><title>A dance</title><meta property="og:image" content="%s"></head><body>%s</body>'


def png(width: int, height: int) -> bytes:
    data = BytesIO()
    Image.new("RGB", (width, height), (200, 30, 60)).save(data, "PNG")
    return data.getvalue()


def page(picture: str, inside: str = '<video src="/v.mp4"></video>'):
    return body((PAGE % (picture, inside)).encode(), "text/html")


def test_title_and_picture_are_told_and_the_video_stays_where_it_is():
    with serving("127.0.0.2") as site, serving("127.0.0.1") as forbidden:
        forbidden.answers["/inside.png"] = body(png(10, 10), "image/png")
        site.answers |= {
            "/wide.png": body(png(1200, 600), "image/png"),
            "/endless.png": endless(b"\0" * 65536, "image/png"),
            "/v.mp4": body(b"never looked at", "video/mp4"),
            "/dance": page(site["/wide.png"]),
            "/inward": page(forbidden["/inside.png"]),
            "/much": page(site["/endless.png"]),
            "/none": page(site["/wide.png"], "no video"),
        }
        seen = preview_link(read_link(site["/dance"]), SETTINGS)
        assert seen.found.title == "A dance"
        assert seen.found.page.startswith(site.root)
        assert seen.picture is not None
        assert Image.open(BytesIO(seen.picture)).size == (480, 240)
        assert preview_link(read_link(site["/inward"]), SETTINGS).picture is None
        assert preview_link(read_link(site["/much"]), SETTINGS).picture is None
        with pytest.raises(BadInputError, match="No video was found"):
            preview_link(read_link(site["/none"]), SETTINGS)
        with pytest.raises(BadInputError, match="private network"):
            preview_link(read_link(forbidden["/x.mp4"]), SETTINGS)
        assert forbidden.asked == []


@pytest.mark.parametrize("content", [b"", b"<svg></svg>", b"\x89PNG\r\n\x1a\n broken", b"BM" + bytes(100)])
def test_what_is_no_picture_is_none(tmp_path, content):
    (tmp_path / "picture").write_bytes(content)
    assert small_picture(tmp_path / "picture") is None
    assert small_picture(tmp_path / "missing") is None
