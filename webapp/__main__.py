"""`python -m webapp` is `understudy`."""

from webapp.cli import app

app()
