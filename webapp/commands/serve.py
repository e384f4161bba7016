"""`understudy serve`."""

import os
from typing import Annotated, Any

import typer

from webapp.commands.terminal import console, plain_errors


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on (default: 127.0.0.1).")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port to listen on (default: 7860).")] = None,
) -> None:
    """Serve the site, with an embedded worker that performs the runs."""
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    import uvicorn

    from webapp.app import create_app
    from webapp.logs import set_up_logging
    from webapp.settings import read_settings

    given: dict[str, Any] = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    with plain_errors():
        settings = read_settings(**given)
        set_up_logging(settings.log_format)
        site = create_app(settings)
    console.print(f"Understudy is at [bold]http://{settings.host}:{settings.port}[/] (stop with Ctrl+C)")
    # Forwarded headers are believed by the site itself, from trusted proxies alone (webapp/identity.py). Connections
    # that a page keeps open do not keep the site from stopping.
    uvicorn.run(
        site,
        host=settings.host,
        port=settings.port,
        log_level="warning",
        log_config=None,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=5,
    )
