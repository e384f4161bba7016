"""The reconstruction's objective on the page: one chart for each solve, every term named with what it came to."""

import json
from collections.abc import Callable

from playwright.sync_api import Page, expect
from viewer_page import ready
from viewer_stub import Stub, run_json


def test_each_solve_has_a_chart_that_says_what_fell_to_what(open_page: Callable[..., Page], stub: Stub):
    terms = {"reprojection": [800.0, 300.0, 200.0], "contact_slide": [50.0, 5.0, 0.5], "unused": [0.0, 0.0, 0.0]}
    total = [sum(values) for values in zip(*terms.values(), strict=True)]
    solves = [
        {"solver": "gauss_newton", "title": title, "total": total, "terms": terms}
        for title in ("free", "on the ground")
    ]
    (stub.folder / "person-0" / "curves.json").write_text(json.dumps({"solves": solves}))
    run = stub.runs["curves"] = run_json("curves")
    url = "/api/runs/curves/files/person-0/curves.json"
    run["artifacts"].append({"path": "person-0/curves.json", "url": url, "bytes": 300})
    page = ready(open_page("curves"))
    page.get_by_text("Objective of the reconstruction").click()
    charts = page.locator("#curves figure")
    expect(charts).to_have_count(2)
    expect(charts.first.locator("figcaption")).to_have_text("free, gauss newton")
    drawing = charts.first.locator("svg")
    assert drawing.get_attribute("aria-label") == "free, gauss newton: the objective fell from 850 to 201 in 2 steps"
    expect(drawing).to_contain_text("contact slide 0.5")
    expect(drawing.locator("polyline")).to_have_count(3)  # the total and the two terms that are in use


def test_a_run_without_curves_shows_none(open_page: Callable[..., Page], stub: Stub):
    page = ready(open_page("walk"))
    expect(page.locator("#curves")).to_be_hidden()
