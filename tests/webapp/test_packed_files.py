"""Scripts and styles are sent packed to who takes that, whole to who does not, and not at all to who has them."""

import gzip
from pathlib import Path

import httpx
import pytest
from starlette.testclient import TestClient

from webapp.packed_files import PackedFiles

TEXT = b"export const answer = 42;\n" * 200


@pytest.fixture
def client(tmp_path: Path) -> TestClient:
    (tmp_path / "module.js").write_bytes(TEXT)
    (tmp_path / "small.js").write_bytes(b"1;")
    (tmp_path / "picture.webp").write_bytes(TEXT)
    return TestClient(PackedFiles(directory=tmp_path))


def raw(client: TestClient, path: str, **headers: str) -> tuple[httpx.Response, bytes]:
    with client.stream("GET", path, headers=headers) as answer:
        return answer, b"".join(answer.iter_raw())


def test_text_is_packed_for_who_takes_it(client: TestClient):
    answer, body = raw(client, "/module.js", **{"accept-encoding": "br, gzip"})
    assert (answer.headers["content-encoding"], answer.headers["vary"]) == ("gzip", "Accept-Encoding")
    assert gzip.decompress(body) == TEXT
    assert int(answer.headers["content-length"]) == len(body) < len(TEXT) / 10
    assert answer.headers["content-type"].startswith(("text/javascript", "application/javascript"))
    answer, body = raw(client, "/module.js", **{"accept-encoding": "identity"})
    assert ("content-encoding" in answer.headers, body) == (False, TEXT)
    again, body = raw(client, "/module.js", **{"accept-encoding": "gzip", "if-none-match": answer.headers["etag"]})
    assert (again.status_code, body) == (304, b"")


@pytest.mark.parametrize("path", ["/small.js", "/picture.webp"])
def test_what_gains_nothing_is_sent_as_it_is(client: TestClient, path: str):
    assert "content-encoding" not in raw(client, path, **{"accept-encoding": "gzip"})[0].headers


def test_a_changed_file_is_packed_anew(client: TestClient, tmp_path: Path):
    client.get("/module.js")
    (tmp_path / "module.js").write_bytes(TEXT + b"export const more = 1;")
    assert client.get("/module.js").text.endswith("more = 1;")
