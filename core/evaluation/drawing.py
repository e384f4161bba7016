"""Lines, dots and words that become an SVG or a PNG: enough for a figure, without a plotting library."""

from dataclasses import dataclass, field
from html import escape
from io import BytesIO

from PIL import Image, ImageColor, ImageDraw, ImageFont

# In an SVG "ink" is the text's own colour, so that a figure within a dark page is readable.
COLOURS = {
    "ink": "#1d1c22",
    "soft": "#85838d",
    "line": "#9a98a0",
    "truth": "#85838d",
    "left": "#2f74c9",
    "right": "#d9722b",
    "miss": "#cf4059",
}
_SCALE = 2
"""Pixels of a PNG for one unit of the drawing."""


@dataclass
class Drawing:
    """A figure of `width` x `height` units, y down; what is drawn later lies above. Colours are names of COLOURS or
    #rrggbb."""

    width: float
    height: float
    parts: list[tuple] = field(default_factory=list)

    def line(self, start, end, colour: str, width: float = 1.0, dashed: bool = False) -> None:
        """A straight line between two points (x, y)."""
        self.parts.append(("line", *map(float, (*start, *end)), colour, width, dashed))

    def dot(self, at, radius: float, colour: str) -> None:
        """A filled circle."""
        self.parts.append(("dot", *map(float, at), radius, colour))

    def bar(self, x: float, y: float, width: float, height: float, colour: str) -> None:
        """A filled rectangle from its top left corner."""
        self.parts.append(("bar", float(x), float(y), float(width), float(height), colour))

    def text(
        self, x: float, y: float, words: str, size: float = 12, colour: str = "ink", anchor: str = "start"
    ) -> None:
        """Words on the base line `y`; `anchor` is what lies at `x`: start, middle or end."""
        self.parts.append(("text", float(x), float(y), words, size, colour, anchor))

    def svg(self, title: str, alone: bool = True) -> str:
        """The figure as SVG; `alone` as a file of its own on white, else to stand in a page and take its ink."""
        style = f"color:{COLOURS['ink']};background:#fff" if alone else "max-width:100%;height:auto"
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width:g} {self.height:g}" '
            f'width="{self.width:g}" height="{self.height:g}" role="img" aria-label="{escape(title)}" '
            f'font-family="ui-sans-serif, system-ui, sans-serif" style="{style}"><title>{escape(title)}</title>'
        )
        return head + "".join(map(_as_svg, self.parts)) + "</svg>"

    def png(self) -> bytes:
        """The figure as a PNG on white."""
        image = Image.new("RGB", (round(self.width * _SCALE), round(self.height * _SCALE)), "#ffffff")
        pen = ImageDraw.Draw(image)
        for part in self.parts:
            _paint(pen, *part)
        data = BytesIO()
        image.save(data, "PNG", optimize=True)
        return data.getvalue()


def _as_svg(part: tuple) -> str:
    kind, *values = part
    if kind == "line":
        x0, y0, x1, y1, colour, width, dashed = values
        dash = ' stroke-dasharray="4 3"' if dashed else ""
        return (
            f'<line x1="{x0:.1f}" y1="{y0:.1f}" x2="{x1:.1f}" y2="{y1:.1f}" stroke="{_css(colour)}" '
            f'stroke-width="{width:g}" stroke-linecap="round"{dash}/>'
        )
    if kind == "dot":
        x, y, radius, colour = values
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}" fill="{_css(colour)}"/>'
    if kind == "bar":
        x, y, width, height, colour = values
        return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{_css(colour)}"/>'
    x, y, words, size, colour, anchor = values
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" fill="{_css(colour)}" text-anchor="{anchor}">'
        f"{escape(words)}</text>"
    )


def _css(colour: str) -> str:
    return "currentColor" if colour == "ink" else _rgb(colour)


def _rgb(colour: str) -> str:
    """A name of COLOURS, or a colour as it is (#rrggbb)."""
    return COLOURS.get(colour, colour)


def _paint(pen: ImageDraw.ImageDraw, kind: str, *values) -> None:
    if kind == "line":
        x0, y0, x1, y1, colour, width, dashed = values
        for start, end in _pieces(x0, y0, x1, y1, dashed):
            pen.line([*start, *end], fill=_rgb(colour), width=max(round(width * _SCALE), 1), joint="curve")
            for x, y in (start, end):
                _disc(pen, x, y, width * _SCALE / 2, colour)
    elif kind == "dot":
        x, y, radius, colour = values
        _disc(pen, x * _SCALE, y * _SCALE, radius * _SCALE, colour)
    elif kind == "bar":
        x, y, width, height = (_SCALE * value for value in values[:4])
        pen.rectangle([x, y, x + max(width - 1, 0), y + height - 1], fill=_rgb(values[4]))
    else:
        x, y, words, size, colour, anchor = values
        font = ImageFont.load_default(size * _SCALE)
        place = {"start": "ls", "middle": "ms", "end": "rs"}[anchor]
        pen.text((x * _SCALE, y * _SCALE), words, fill=ImageColor.getrgb(_rgb(colour)), font=font, anchor=place)


def _disc(pen: ImageDraw.ImageDraw, x: float, y: float, radius: float, colour: str) -> None:
    if radius >= 1:
        pen.ellipse([x - radius, y - radius, x + radius, y + radius], fill=_rgb(colour))


def _pieces(x0: float, y0: float, x1: float, y1: float, dashed: bool):
    """The line's strokes in pixels."""
    length = float(((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5)
    at = [(0.0, 1.0)]
    if dashed and length > 7:
        at = [(s / length, min(s + 4, length) / length) for s in (7.0 * i for i in range(int(length / 7) + 1))]
    for a, b in at:
        yield tuple((_SCALE * (x0 + t * (x1 - x0)), _SCALE * (y0 + t * (y1 - y0))) for t in (a, b))
