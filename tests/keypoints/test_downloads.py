"""Downloads from a server on this machine: checked, resumed after nothing, never half."""

import hashlib
import http.server
import io
import threading
import time
import zipfile

import pytest

from core.keypoints.downloads import DownloadError, RemoteFile, fetched

CONTENT = bytes(range(256)) * 400
SHA = hashlib.sha256(CONTENT).hexdigest()


def zipped(name="end2end.onnx", content=CONTENT) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"20230605/rtmpose/{name}", content)
        archive.writestr("20230605/rtmpose/pipeline.json", "{}")
    return packed.getvalue()


@pytest.fixture
def server():
    """A server whose `answers` are bytes by path, or "silent"; `asked` are the paths that were asked for."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.server.asked.append(self.path)
            answer = self.server.answers.get(self.path)
            if answer == "silent":
                time.sleep(1.5)
                return
            if answer is None:
                self.send_error(404)
                return
            self.send_response(200)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_):
            pass

    made = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.daemon_threads = True
    made.answers, made.asked = {}, []  # type: ignore[attr-defined]
    made.url = f"http://127.0.0.1:{made.server_port}"  # type: ignore[attr-defined]
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


def file_at(*urls: str) -> RemoteFile:
    return RemoteFile("net.onnx", urls, SHA, len(CONTENT))


@pytest.mark.parametrize("answer", [CONTENT, zipped()])
def test_a_file_is_fetched_once_plain_or_zipped(server, tmp_path, answer):
    server.answers["/net"] = answer
    path = fetched(file_at(f"{server.url}/net"), tmp_path / "models")
    assert path.read_bytes() == CONTENT
    assert fetched(file_at(f"{server.url}/net"), tmp_path / "models") == path
    assert server.asked == ["/net"]
    assert [each.name for each in (tmp_path / "models").iterdir()] == ["net.onnx"]


def test_what_was_damaged_on_disk_is_fetched_again(server, tmp_path):
    server.answers["/net"] = CONTENT
    (tmp_path / "net.onnx").write_bytes(CONTENT[:100])
    assert fetched(file_at(f"{server.url}/net"), tmp_path).read_bytes() == CONTENT


def test_the_second_address_is_tried(server, tmp_path):
    server.answers["/mirror"] = zipped()
    assert fetched(file_at(f"{server.url}/gone", f"{server.url}/mirror"), tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"x" * len(CONTENT), "should have the sha256"),
        (CONTENT * 30, "more come"),
        (zipped("other.txt"), "one .onnx file of"),
        (zipped(content=CONTENT * 2), "one .onnx file of"),
        (None, "Not Found"),
    ],
)
def test_anything_else_is_refused_and_nothing_is_left(server, tmp_path, answer, words):
    server.answers["/net"] = answer
    with pytest.raises(DownloadError, match=words):
        fetched(file_at(f"{server.url}/net"), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_silent_server_and_one_that_is_not_there(server, tmp_path):
    server.answers["/net"] = "silent"
    with pytest.raises(DownloadError, match="timed out"):
        fetched(file_at(f"{server.url}/net"), tmp_path, timeout_s=0.2)
    with pytest.raises(DownloadError, match=r"could not be downloaded \(127\.0\.0\.1:9: .*refused"):
        fetched(file_at("http://127.0.0.1:9/net"), tmp_path)
