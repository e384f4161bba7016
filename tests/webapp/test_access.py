"""Who gets in: every route without a log-in, sessions, proxies, pages of other sites, other names, wrong passwords."""

import base64
import os
import re
import stat

import pytest
from fastapi import FastAPI
from starlette.routing import Mount
from starlette.testclient import TestClient

from webapp.access import PUBLIC, AccessGuard
from webapp.app import create_app
from webapp.identity import COOKIE, AccessSettingsError, Identities
from webapp.limits import RateLimit
from webapp.login import make_login_router, own_path
from webapp.settings import Settings

PASSWORD = "correct horse"
STRANGER = {"error": "Log in first."}


def settings(home, **more):
    return Settings(home=home, pipeline="fake_pipeline", _env_file=None, **more)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory, fake_pipeline_path):
    """The application with a password, without its lifespan: no worker, no queue."""
    home = tmp_path_factory.mktemp("guarded")
    return create_app(settings(home, host="0.0.0.0", password=PASSWORD))


@pytest.fixture
def client(guarded):
    return TestClient(guarded, base_url="http://studio.example", follow_redirects=False)


def log_in(client, password=PASSWORD, **form):
    return client.post("/login", data={"password": password, **form})


def every_route(routes, prefix=""):
    """(method, path) of all routes, also of mounted applications, with something for each parameter."""
    for route in routes:
        if hasattr(route, "original_router"):
            yield from every_route(route.original_router.routes, prefix + route.include_context.prefix)
            continue
        path = prefix + re.sub(r"\{[^}]*\}", "a" * 16, route.path)
        if isinstance(route, Mount):
            yield ("GET", f"{path}/index.html")
            yield from every_route(route.routes or [], path)
        else:
            for method in getattr(route, "methods", None) or {"GET"}:
                yield (method, path)


def test_nothing_at_all_is_answered_to_a_stranger(guarded, client):
    routes = set(every_route(guarded.routes))
    assert len(routes) > 60  # Gradio's are among them
    assert {("POST", "/api/runs"), ("GET", "/viewer/index.html"), ("GET", "/evaluate/gradio_api/info")} <= routes
    assert {("POST", "/gradio_api/upload"), ("GET", "/config"), ("GET", "/gradio_api/file=" + "a" * 16)} <= routes
    open_routes = {(method, path) for method, path in routes if client.request(method, path).status_code != 401}
    assert {path for _, path in open_routes if path != "/login"} <= set(PUBLIC)
    assert client.get("/no/such/page").json() == STRANGER
    assert client.get("/%2e%2e/login/../config").status_code == 401


def test_a_browser_is_led_to_the_login_page_and_back(client):
    answer = client.get("/?run=abc", headers={"accept": "text/html,*/*"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=/%3Frun%3Dabc")
    page = client.get(answer.headers["location"])
    assert 'value="/?run=abc"' in page.text
    assert page.headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors" in page.headers["content-security-policy"]
    done = log_in(client, next="/?run=abc")
    assert (done.status_code, done.headers["location"]) == (303, "/?run=abc")
    cookie = done.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" not in cookie
    assert client.get("/api/samples/walker/poster.jpg").status_code == 200
    assert client.get("/config").status_code == 200
    assert client.get("/login").headers["location"] == "/"
    assert client.post("/logout").headers["location"] == "/login"
    assert client.get("/config").status_code == 401


def test_a_wrong_password_a_forged_and_an_old_session_open_nothing(client, guarded, tmp_path):
    assert log_in(client, "wrong").status_code == 401
    assert log_in(client, "").status_code == 401
    other = Identities(settings(tmp_path, password=PASSWORD)).new_session()  # right password, another home's key
    for value in (other, "x", other + "x", '{"user":"local"}'):
        assert client.get("/config", headers={"cookie": f"{COOKIE}={value}"}).status_code == 401


def test_a_stranger_sends_little(client):
    form = {"password": "x" * 20_000}
    assert log_in(client, **form).status_code == 413
    assert client.post("/login", files={"file": ("a.mp4", b"x" * 20_000)}).status_code == 413
    pieces = (b"x" * 1000 for _ in range(20))  # whose length no header tells
    form_type = {"content-type": "application/x-www-form-urlencoded"}
    assert client.post("/login", content=pieces, headers=form_type).status_code == 413


def test_a_start_that_is_killed_leaves_no_broken_key(tmp_path, monkeypatch):
    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "link", killed)
        with pytest.raises(KeyboardInterrupt):
            Identities(settings(tmp_path, password=PASSWORD)).new_session()
    assert list(tmp_path.glob("*key*")) == []
    first, second = (Identities(settings(tmp_path, password=PASSWORD)) for _ in range(2))
    scope = {"headers": [(b"cookie", f"{COOKIE}={first.new_session()}".encode())], "client": ("10.1.1.1", 1)}
    assert second.user_of(scope) == "local"


def test_a_new_password_ends_all_sessions_and_a_restart_none(tmp_path):
    old, new = settings(tmp_path, password=PASSWORD), settings(tmp_path, password="another")
    session = Identities(old).new_session()
    scope = {"type": "http", "headers": [(b"cookie", f"{COOKIE}={session}".encode())], "client": ("10.1.1.1", 1)}
    assert Identities(old).user_of(scope) == "local"
    assert Identities(new).user_of(scope) is None
    assert stat.S_IMODE((tmp_path / "session.key").stat().st_mode) == 0o600


def test_programs_use_basic_authentication(client):
    right = base64.b64encode(f"me:{PASSWORD}".encode()).decode()
    wrong = base64.b64encode(b"me:wrong").decode()
    assert client.get("/config", headers={"authorization": f"Basic {right}"}).status_code == 200
    for value in (f"Basic {wrong}", f"Bearer {PASSWORD}", "Basic ///", "Basic", ""):
        assert client.get("/config", headers={"authorization": value}).status_code == 401
    assert "Basic" in client.get("/config").headers["www-authenticate"]


def test_after_many_wrong_passwords_not_even_the_right_one_is_taken(tmp_path):
    them = Identities(settings(tmp_path, host="0.0.0.0", password=PASSWORD))
    app = FastAPI()
    app.include_router(make_login_router(them))
    app.add_middleware(AccessGuard, identities=them)
    client = TestClient(app, follow_redirects=False)
    assert [log_in(client, f"guess {i}").status_code for i in range(11)] == [401] * 9 + [429] * 2
    assert log_in(client).status_code == 429
    elsewhere = TestClient(app, client=("10.9.9.9", 1), follow_redirects=False)
    assert log_in(elsewhere).status_code == 303


def test_the_limit_forgets_after_its_window():
    now = [0.0]
    limit = RateLimit(2, 10.0, lambda: now[0])
    for _ in range(2):
        limit.note("a")
    assert limit.is_exceeded("a")
    assert not limit.is_exceeded("b")
    now[0] = 10.0
    assert not limit.is_exceeded("a")


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://studio.example.evil.example", "http://[", "", "x"]
)
def test_no_page_of_another_site_writes_anything(client, origin):
    log_in(client)
    for path in ("/api/runs", "/gradio_api/upload", "/gradio_api/run/start_walker", "/logout"):
        assert client.post(path, headers={"origin": origin}).status_code == 403
    assert client.post("/api/runs", headers={"sec-fetch-site": "cross-site"}).status_code == 403
    assert client.post("/logout", headers={"origin": "http://studio.example"}).status_code == 303


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example",
        "//evil.example",
        "///evil.example/x",
        "////evil.example",
        "/\\evil.example",
        "javascript:x",
        "",
        "/a\nb",
    ],
)
def test_logging_in_leads_nowhere_else(client, address):
    assert own_path(address) == "/"
    assert log_in(client, next=address).headers["location"] == "/"


def test_other_addresses_need_somebody_who_asks(tmp_path):
    for host in ("0.0.0.0", "192.168.1.5", "::", "studio.example", ""):
        with pytest.raises(AccessSettingsError, match="UNDERSTUDY_PASSWORD"):
            create_app(settings(tmp_path, host=host))
    for host in ("127.0.0.1", "localhost", "::1", "127.0.0.2"):
        assert Identities(settings(tmp_path, host=host)).user_of({"type": "http", "headers": []}) == "local"


@pytest.mark.parametrize(
    "given",
    [
        {"password": ""},
        {"user_header": "X-User"},
        {"user_header": "X-User", "trusted_proxies": "a proxy"},
        {"user_header": "X-User", "trusted_proxies": "10.0.0.1", "password": "x"},
    ],
)
def test_settings_that_make_no_sense_are_refused(tmp_path, given):
    with pytest.raises(AccessSettingsError):
        Identities(settings(tmp_path, host="0.0.0.0", **given))


def proxied(client=("10.0.0.2", 1), **headers):
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http", "scheme": "http", "headers": pairs, "client": client}


def test_a_trusted_proxy_names_the_user_and_nobody_else_does(tmp_path):
    given = {"user_header": "X-User", "trusted_proxies": "10.0.0.0/30, ::1"}
    them = Identities(settings(tmp_path, host="0.0.0.0", **given))
    assert them.user_of(proxied(x_user="ada")) == "ada"
    assert them.user_of(proxied(x_user="ada", client=("::1", 5))) == "ada"
    assert them.user_of(proxied(x_user="ada", client=("10.0.0.9", 1))) is None
    for value in ("", " ", "a\tb", "x" * 300):
        assert them.user_of(proxied(x_user=value)) is None
    twice = proxied(x_user="ada")
    twice["headers"].append((b"x-user", b"eve"))
    assert them.user_of(twice) is None


def test_what_a_proxy_forwards_counts_from_trusted_ones_only(tmp_path):
    them = Identities(settings(tmp_path, host="0.0.0.0", user_header="X-User", trusted_proxies="10.0.0.2"))
    told = {"x_forwarded_for": "6.6.6.6, 7.7.7.7", "x_forwarded_proto": "https", "x_forwarded_host": "studio.example"}
    through = proxied(host="internal:7860", **told)
    assert them.client_address(through) == "7.7.7.7"
    assert them.is_secure(through)
    assert them.own_host(through) == "studio.example"
    direct = proxied(host="internal:7860", client=("8.8.8.8", 1), **told)
    assert (them.client_address(direct), them.is_secure(direct)) == ("8.8.8.8", False)
    assert them.own_host(direct) == "internal:7860"
    assert them.client_address(proxied(client=("2001:db8::1", 1))) == them.client_address(
        proxied(client=("2001:db8::2", 1))
    )


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "[", "", "localhost.evil.example:7860"])
def test_an_open_site_answers_to_the_names_of_this_machine_only(site_client, host):
    for path in ("/healthz", "/config", "/api/samples/walker/poster.jpg", "/viewer/index.html"):
        assert site_client.get(path, headers={"host": host}).status_code == 421
    for own in ("localhost:7860", "127.0.0.1", "[::1]:7860", "testserver"):
        assert site_client.get("/healthz", headers={"host": own}).status_code == 200


def test_a_password_is_in_no_answer_and_no_text_of_the_settings(guarded, client):
    assert PASSWORD not in repr(guarded.state.site.settings)
    assert PASSWORD not in log_in(client, PASSWORD + "x").text
