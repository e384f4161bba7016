"""The page of all policies: in parts, compared, renamed, deleted and brought back."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page, Route, expect


def test_policies_are_compared_renamed_deleted_and_brought_back(page: Page):
    """Over stubbed answers: a policy takes a minute to learn."""
    policies = [policy("one", 0.3), policy("two", 0.6)]

    def answer(route: Route) -> None:
        what, method = route.request.url, route.request.method
        one = next((each for each in policies if f"/trainings/{each['id']}" in what), policies[0])
        if what.endswith("/curve"):
            return route.fulfill(json=CURVE)
        if method == "PATCH":
            one["name"] = route.request.post_data_json["name"]
            return route.fulfill(json={"name": one["name"]})
        if method in ("DELETE", "POST"):
            one["deleted"] = method == "DELETE"
            return route.fulfill(json={"id": one["id"], "deleted": one["deleted"]})
        shown = [each for each in policies if each["deleted"] == ("state=deleted" in what)]
        return route.fulfill(json={"policies": shown, "total": len(shown), "page": 1, "pages": 1})

    page.route("**/api/policies**", answer)
    page.route("**/api/runs/**", answer)
    page.goto("/library")
    page.get_by_role("link", name="Policies").click()
    cards = page.locator(".run-card")
    expect(cards).to_have_count(2)
    expect(cards.first.locator(".facts-line").first).to_contain_text("return 0.30 · up 1.5 of 3.0 s")
    for name in ("one", "two"):
        page.get_by_label(f"Compare {name}").check()
    expect(page.locator(".compared .line-legend").first).to_have_text(re.compile(r"one 0\.40\s*two 0\.40"))
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.reload()
    expect(page.locator(".compared .line-chart")).to_have_count(3)  # the address remembers
    page.get_by_role("button", name="Rename two").click()
    page.keyboard.type("The runner")
    page.keyboard.press("Enter")
    expect(cards.nth(1).locator(".name")).to_have_text("The runner")
    page.get_by_role("button", name="Delete The runner").click()
    expect(cards).to_have_count(1)
    page.keyboard.press("Enter")  # on Undo
    expect(cards).to_have_count(2)


def in_parts(policies: list[dict[str, Any]]) -> Callable[[Route], None]:
    """Answers to /api/policies: as many of them as there are when asked."""

    def answer(route: Route) -> None:
        asked = parse_qs(urlsplit(route.request.url).query)
        if "ids" in asked:
            named = [each for each in policies if each["id"] in asked["ids"][0].split(",")]
            return route.fulfill(json={"policies": named, "total": len(named), "page": 1, "pages": 1})
        page, size = int(asked["page"][0]), int(asked["size"][0])
        part, pages = policies[(page - 1) * size : page * size], -(-len(policies) // size)
        return route.fulfill(json={"policies": part, "total": len(policies), "page": page, "pages": pages})

    return answer


def test_a_list_that_became_shorter_does_not_hold_who_goes_back(page: Page):
    policies = [policy(f"p{i}", 0.5) for i in range(30)]
    page.route("**/api/policies**", in_parts(policies))
    page.goto("/policies")
    page.get_by_role("button", name="Older").click()
    expect(page.locator("#where")).to_have_text("Part 2 of 2")
    del policies[20:]
    page.reload()
    expect(page.locator(".run-card")).to_have_count(20)
    length = page.evaluate("history.length")
    page.reload()
    expect(page.locator(".run-card")).to_have_count(20)
    assert page.evaluate("history.length") == length == 3  # the empty page, the first part, what was the second


def test_many_policies_come_in_parts_and_are_compared_across_them(page: Page):
    policies = [policy(f"p{i}", 0.5) for i in range(30)]
    page.route("**/api/policies**", in_parts(policies))
    page.route("**/curve", lambda route: route.fulfill(json=CURVE))
    page.goto("/policies")
    expect(page.locator(".run-card")).to_have_count(24)
    expect(page.locator("#where")).to_have_text("Part 1 of 2")
    expect(page.get_by_role("button", name="Newer")).to_be_disabled()
    page.get_by_label("Compare p3", exact=True).check()
    page.get_by_role("button", name="Older").click()
    expect(page.locator(".run-card")).to_have_count(6)
    assert page.url.endswith("page=2&compare=p3")
    page.get_by_label("Compare p29").check()
    expect(page.locator(".compared .line-legend").first).to_have_text(re.compile(r"p3 0\.40\s*p29 0\.40"))
    page.go_back()
    expect(page.locator("#where")).to_have_text("Part 1 of 2")
    expect(page.get_by_label("Compare p3", exact=True)).to_be_checked()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.goto("/policies?compare=p29,p3,gone")  # p29 is in the other part
    expect(page.locator(".compared .line-legend").first).to_have_text(re.compile(r"p3 0\.40\s*p29 0\.40"))
    expect(page.locator(".run-card")).to_have_count(24)


CURVE = {
    "iterations": {"seconds": [5.0, 10.0], "reward": [0.2, 0.4]},
    "evaluations": {"seconds": [5.0, 10.0], "return": [0.2, 0.4], "seconds_up": [1.0, 1.5], "horizon_s": [3.0, 3.0]},
}


def policy(name: str, earned: float) -> dict[str, Any]:
    more = {"fraction": 1.0, "error": None, "created": "2026-01-01T00:00:00Z", "deleted": False, "samples": 4096}
    well = {"mean_return": earned, "seconds_up": 1.5, "horizon_s": 3.0}
    urls = {"bundle_url": "/b.zip", "preview_url": None, "view_url": None}
    return (
        {"id": name, "run": "r", "run_name": "A walk", "person": 0, "name": name, "state": "done"} | more | well | urls
    )
