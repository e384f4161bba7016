"""Pages that are not Gradio's: a head like theirs, a body of plain HTML, and ES modules from static/studio."""

from html import escape
from pathlib import Path

from fastapi.responses import HTMLResponse

from webapp import fragments

STUDIO = Path(__file__).parents[1] / "static" / "studio"
_HERE = Path(__file__).parent
_PAGE = (_HERE / "own_page.html").read_text(encoding="utf-8")


def own_page(name: str, title: str, sentence: str, here: str, log_out: bool, body: str | None = None) -> HTMLResponse:
    """The page with the body `body`, or of webapp/NAME.html, and with static/studio/NAME.css and NAME.js if there are.

    `here` is its address among `fragments.PAGES`, `sentence` what it is for.
    """
    has_style, has_script = ((STUDIO / f"{name}{suffix}").is_file() for suffix in (".css", ".js"))
    parts = {
        "title": escape(f"Understudy: {title}"),
        "styles": f'<link rel="stylesheet" href="/studio/{name}.css">' if has_style else "",
        "scripts": f'<script type="module" src="/studio/{name}.js"></script>' if has_script else "",
        "heading": escape(title[:1].upper() + title[1:]),
        "head": fragments.header(sentence, log_out, here),
        "body": (_HERE / f"{name}.html").read_text(encoding="utf-8") if body is None else body,
    }
    page = _PAGE
    for key, value in parts.items():
        page = page.replace("{" + key + "}", value, 1)
    return HTMLResponse(page, headers={"cache-control": "no-cache"})
