"""Measurements: `python -m benchmarks.NAME` prints one JSON line a figure. Never tests; see docs/measured.md."""

import json


def report(figure: str, value: float, unit: str) -> None:
    """Print one figure as a JSON line: {"figure": "NAME.what", "value": x, "unit": u}."""
    print(json.dumps({"figure": figure, "value": round(value, 4), "unit": unit}), flush=True)
