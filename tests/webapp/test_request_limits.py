"""How much may be sent: files up to the limit, everything else little, and nothing is read before that is known."""

import pytest
from test_site_routes import upload


def test_a_file_above_the_limit_is_refused_whether_or_not_it_says_so(site_client):
    large = b"x" * 3_000_000
    answer = upload(site_client, large)
    assert answer.status_code == 413
    assert "at most 2 MB" in answer.json()["error"]

    def pieces():
        head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n'
        yield head
        for _ in range(30):
            yield large[:100_000]
        yield b"\r\n--b--\r\n"

    answer = site_client.post(
        "/api/runs", content=pieces(), headers={"content-type": "multipart/form-data; boundary=b"}
    )
    assert answer.status_code == 413


@pytest.mark.parametrize("path", ["/api/runs", "/api/runs/import"])
def test_three_gigabytes_are_refused_before_they_are_sent(site_client, path):
    sent = []

    def body():
        for _ in range(3000):
            sent.append(1_000_000)
            yield b"x" * 1_000_000

    headers = {"content-type": "multipart/form-data; boundary=b", "content-length": "3000000000"}
    answer = site_client.post(path, content=body(), headers=headers)
    assert answer.status_code == 413
    assert sum(sent) < 10_000_000


@pytest.mark.parametrize("path", ["/api/runs", "/api/runs/import", "/gradio_api/run/start_walker", "/nowhere"])
def test_what_is_no_file_is_small_since_it_is_held_in_memory(site_client, path):
    answer = site_client.post(path, data={"link": "x" * 2_000_000})
    assert answer.status_code == 413
    assert "without a file" in answer.json()["error"]
