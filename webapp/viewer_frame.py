"""The viewer as a Gradio component: a frame around the viewer's own page, whose value is a run's id."""

from typing import Any

import gradio as gr

_TEMPLATE = """
${value ? `<iframe title="The viewer: source, mesh and physics on one clock" allow="fullscreen; clipboard-write"
  src="/viewer/index.html?run=${encodeURIComponent(value)}&embedded=1${
    document.body.classList.contains('dark') ? '&theme=dark' : '&theme=light'}"></iframe>` : ''}
"""


class ViewerFrame(gr.HTML):
    """Shows the viewer of the run whose id is its value; nothing while it is empty.

    The viewer keeps its own state (time, camera, panes), so the value is set once per run and then left alone.
    """

    def __init__(self, value: str = "", **more: Any) -> None:
        super().__init__(value, html_template=_TEMPLATE, js_on_load=None, elem_classes=["viewer-frame"], **more)

    def api_info(self) -> dict[str, Any]:
        """What the programmatic client is told."""
        return {"type": "string", "description": "a run's id"}
