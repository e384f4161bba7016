"""A site over the fake pipeline of tests/jobs, started once for all tests of the web application."""

import sys
from pathlib import Path

import pytest
from starlette.testclient import TestClient

FAKES = Path(__file__).parents[1] / "jobs"


@pytest.fixture(scope="session")
def site_client(tmp_path_factory):
    """A client of a running site; `client.app.state.site` is the site itself."""
    from webapp.app import create_app
    from webapp.settings import Settings

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(FAKES))
        patch.setattr(sys, "path", [str(FAKES), *sys.path])
        settings = Settings(home=tmp_path_factory.mktemp("home"), pipeline="fake_pipeline", max_upload_mb=2)
        with TestClient(create_app(settings)) as client:
            yield client
