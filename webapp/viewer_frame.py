"""The viewer within the Gradio page: a frame around the viewer's own page, whose value is a run's id.

A function rather than a subclass of `gr.HTML`: Gradio writes a stub file beside the source of every subclass.
"""

import gradio as gr

_TEMPLATE = """
${value ? `<iframe title="The viewer: source, mesh and physics on one clock" allow="fullscreen; clipboard-write"
  src="/viewer/index.html?run=${encodeURIComponent(value)}&embedded=1${
    document.body.classList.contains('dark') ? '&theme=dark' : '&theme=light'}"></iframe>` : ''}
"""


def viewer_frame() -> gr.HTML:
    """Shows the viewer of the run whose id is its value; nothing while it is empty.

    The viewer keeps its own state (time, camera, panes), so the value is set once per run and then left alone.
    """
    return gr.HTML("", html_template=_TEMPLATE, js_on_load=None, elem_classes=["viewer-frame"])
