"""The page /docs: the HTTP interface as /openapi.json has it, as plain HTML that asks nobody else for anything."""

import json
from collections import defaultdict
from html import escape
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.responses import HTMLResponse

from webapp.own_page import own_page

SENTENCE = "What the page does, programs can do, too: over HTTP, or by named endpoints with gradio_client."
_INTRO = """<p>All addresses are of this site. Answers are JSON, errors <code>{"error": one sentence}</code>. A site
with a password takes it by basic authentication with any name. The same for machines:
<a href="/openapi.json">openapi.json</a>. <code>gradio_client</code> finds its endpoints (<code>start_run</code>,
<code>run_status</code>, <code>run_files</code>, <code>list_runs</code>, <code>cancel_run</code> and others) by itself:
<code>Client(site).view_api()</code>. Examples of both are in <code>docs/api.md</code>.</p>"""
_METHODS = ("get", "post", "put", "patch", "delete")


def make_api_router(app: FastAPI, log_out: bool) -> APIRouter:
    """The route /docs of an application whose other routes are all there when it is asked."""
    router = APIRouter(include_in_schema=False)

    @router.get("/docs")
    def api_page() -> HTMLResponse:
        return own_page("docs", "API", SENTENCE, "/docs", log_out, api_html(app.openapi()))

    return router


def api_html(schema: dict[str, Any]) -> str:
    """An OpenAPI schema as HTML: the operations by their first tag, then the models."""
    groups: dict[str, list[str]] = defaultdict(list)
    for path, operations in schema["paths"].items():
        for method in _METHODS:
            if method in operations:
                tag = (operations[method].get("tags") or ["Others"])[0]
                groups[tag].append(_operation(method, path, operations[method]))
    about = {tag["name"]: tag.get("description", "") for tag in schema.get("tags", [])}
    order = [*about, *(tag for tag in groups if tag not in about)]
    parts = [_group(tag, about.get(tag, ""), "".join(groups[tag])) for tag in order if tag in groups]
    models = "".join(_model(name, model) for name, model in schema.get("components", {}).get("schemas", {}).items())
    return f'<div class="docs">{_INTRO}{"".join(parts)}<section><h2>Models</h2>{models}</section></div>'


def _group(tag: str, about: str, operations: str) -> str:
    return f'<section><h2>{escape(tag)}</h2><p class="quiet">{escape(about)}</p>{operations}</section>'


def _operation(method: str, path: str, told: dict[str, Any]) -> str:
    rows = [
        _row(p["name"], f"{p['in']}, {_type(p['schema'])}", p.get("description") or p["schema"].get("description", ""))
        for p in told.get("parameters", [])
    ]
    for kind, content in told.get("requestBody", {}).get("content", {}).items():
        rows.append(_row("body", f"{escape(kind)}: {_type(content['schema'])}", ""))
    for code, answer in told["responses"].items():
        if not code.startswith("2"):
            continue
        schemas = [_type(c["schema"]) for c in answer.get("content", {}).values() if c.get("schema")]
        rows.append(_row(f"answer {code}", ", ".join(schemas) or "a file, or JSON", ""))
    return (
        f'<details><summary><code class="method {method}">{method.upper()}</code> <code>{escape(path)}</code> '
        f'<span class="quiet">{escape(_first_line(told.get("description", "")))}</span></summary>'
        f"<table>{''.join(rows)}</table></details>"
    )


def _model(name: str, model: dict[str, Any]) -> str:
    needed = model.get("required", [])
    rows = []
    for key, value in model.get("properties", {}).items():
        default = _default(value) if key not in needed and "default" in value and "type" not in value else ""
        rows.append(_row(key, _type(value) + default, value.get("description", "")))
    about = f'<span class="quiet">{escape(model.get("description", ""))}</span>'
    summary = f"<summary><code>{escape(name)}</code> {about}</summary>"
    return f'<details id="{escape(name)}">{summary}<table>{"".join(rows)}</table></details>'


def _row(name: str, kind: str, about: str) -> str:
    return f'<tr><th scope="row"><code>{escape(name)}</code></th><td>{kind}</td><td>{escape(about)}</td></tr>'


def _type(schema: dict[str, Any]) -> str:
    """A schema in a few words of HTML; models are links."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rsplit("/", 1)[-1])
        return f'<a href="#{name}">{name}</a>'
    if "anyOf" in schema:
        return " or ".join(_type(each) for each in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    if "enum" in schema:
        return " or ".join(escape(json.dumps(each)) for each in schema["enum"])
    if schema.get("contentMediaType") or schema.get("format") == "binary":
        return "a file"
    return escape(str(schema.get("type", "anything"))) + (_default(schema) if "default" in schema else "")


def _default(schema: dict[str, Any]) -> str:
    return f" ({escape(json.dumps(schema['default']))} if left out)"


def _first_line(text: str) -> str:
    return text.split("\n", 1)[0]
