"""Links as people paste them."""

import pytest

from core.errors import BadInputError
from core.video.link import looks_like_link, read_link


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://example.org/a.mp4", "https://example.org/a.mp4"),
        ("  http://EXAMPLE.org:8080/a b.mp4".replace("a b", "a%20b") + "\n", "http://example.org:8080/a%20b.mp4"),
        ("www.youtube.com/watch?v=abc", "https://www.youtube.com/watch?v=abc"),
        ("youtu.be/abc?t=5", "https://youtu.be/abc?t=5"),
        ("https://example.org", "https://example.org/"),
        ("https://example.org./x#t=5", "https://example.org/x"),
        ("https://bücher.example/ü.mp4", "https://xn--bcher-kva.example/ü.mp4"),
        ("https://[2606:4700::1111]:444/x", "https://[2606:4700::1111]:444/x"),
        ("http://①②⑦.0.0.1/", "http://127.0.0.1/"),
        ("http://127。0。0。1/", "http://127.0.0.1/"),
        ("https://web.archive.org/web/2020/https://a.example/v.mp4", None),
    ],
)
def test_a_link_is_tidied(text, url):
    assert read_link(text).url == (url or text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "nothing was given"),
        (" \n ", "nothing was given"),
        ("my video", "spaces"),
        ("https://exa mple.org/", "spaces"),
        ("https://example.org/a\nHost: evil", "line breaks"),
        ("https://example.org/\x00", "spaces"),
        ("https://example.org/\u202eabc", "spaces"),
        ("https://example.org\\@10.0.0.1/", "backslashes"),
        ("file:///etc/passwd", "'file'"),
        ("ftp://example.org/a.mp4", "'ftp'"),
        ("javascript:alert(1)", "'javascript'"),
        ("data:video/mp4;base64,AAAA", "'data'"),
        ("gopher://127.0.0.1:6379/_x", "'gopher'"),
        ("example.org/a.mp4", "no scheme"),
        ("https://", "names no site"),
        ("https:///a", "names no site"),
        ("https://user:secret@example.org/", "user name"),
        ("https://youtube.com@10.0.0.1/", "user name"),
        ("https://@10.0.0.1/", "user name"),
        ("https://example.org:99999/", "cannot be read"),
        ("https://example.org:0/", "port 0"),
        ("https://[::1/", "cannot be read"),
        ("https://[zz]/", "cannot be read"),
        ("https://-.org/", "no name of a site"),
        ("https://a..b/", "no name of a site"),
        ("https://" + "a" * 70 + "ü.org/", "no name of a site"),
        ("https://exa%6dple.org/", "no name of a site"),
        ("https://example.org/" + "a" * 3000, "at most 2048"),
        ("\n".join(f"https://example.org/{i}" for i in range(50)), "50 came"),
        ("".join(f"https://example.org/{i}" for i in range(50)), "50 came"),
        ("https://a.example/ www.b.example", "2 came"),
    ],
)
def test_what_is_no_link_is_a_sentence(text, words):
    with pytest.raises(BadInputError) as error:
        read_link(text)
    assert words in str(error.value)
    assert len(str(error.value)) < 250
    assert "secret" not in str(error.value)


@pytest.mark.parametrize(
    ("tail", "start", "end"),
    [
        ("?t=175", 175, None),
        ("?v=x&t=175s", 175, None),
        ("?t=2m55s", 175, None),
        ("?t=1h2m3s", 3723, None),
        ("?start=10", 10, None),
        ("?time_continue=7", 7, None),
        ("#t=2:55", 175, None),
        ("#t=175,180", 175, 180),
        ("#t=npt:10.5,20", 10.5, 20),
        ("#t=20,10", 20, None),
        ("?t=soon", None, None),
        ("?t=-5", None, None),
        ("?t=", None, None),
        ("?t=nan", None, None),
        ("#top", None, None),
    ],
)
def test_the_time_that_a_link_names_is_read(tail, start, end):
    link = read_link("https://example.org/watch" + tail)
    assert (link.start_s, link.end_s) == (start, end)


def test_what_a_person_asks_for_goes_before_the_links_own_time():
    link = read_link("https://example.org/a#t=175,180")
    assert link.window(None, None) == (175, 180)
    assert link.window(3, None) == (3, None)
    assert link.window(None, 178) == (175, 178)
    assert link.window(None, 20) == (0, 20)
    assert read_link("https://example.org/a").window(None, None) == (0, None)


def test_links_are_told_from_files():
    for text in ("https://a.org", "www.a.org/x", "file:///etc/passwd", "youtu.be/x", " http://a"):
        assert looks_like_link(text)
    for text in ("video.mp4", "SAMPLE:flip", "dir/www.mp4", "C:\\video.mp4", "youtube.mp4"):
        assert not looks_like_link(text)


def test_a_run_is_called_by_host_and_path_until_its_title_is_known():
    assert read_link("https://www.youtube.com/watch?v=abc").label == "youtube.com/watch?v=abc"
    assert read_link("https://www.youtube.com/watch?v=abc&t=5").file_name == "abc"
    assert read_link("https://a.org/my%20walk.mp4").file_name == "my-20walk"
    assert read_link("https://a.org/").file_name == "video"
    assert len(read_link("https://a.org/" + "x" * 500).label) == 80
