"""A site over the fake pipeline of tests/jobs, started once for all tests of the web application."""

import sys
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from core.jobs.users import LOCAL_USER

FAKES = Path(__file__).parents[1] / "jobs"


@pytest.fixture(scope="session")
def fake_pipeline_path():
    """Makes `fake_pipeline` importable, here and in child processes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(FAKES))
        patch.setattr(sys, "path", [str(FAKES), *sys.path])
        yield


@pytest.fixture(scope="session")
def site_client(tmp_path_factory, fake_pipeline_path):
    """A client of a running site; `client.app.state.site` is the site itself."""
    from webapp.app import create_app
    from webapp.identity import current_user
    from webapp.settings import Settings

    current_user.set(LOCAL_USER)  # tests look into `site.store` themselves, too
    home = tmp_path_factory.mktemp("home")
    settings = Settings(home=home, pipeline="fake_pipeline", max_upload_mb=2, allowed_hosts="testserver")
    with TestClient(create_app(settings)) as client:
        yield client
