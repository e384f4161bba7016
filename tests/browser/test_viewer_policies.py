"""Policies on the page, over stubbed trainings: ordered, watched, scrubbed through, stopped, refused."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect
from viewer_page import ready, wait_for
from viewer_stub import Stub, run_json

ITERATIONS = 40
EVALUATIONS = (10, 20, 30)


def training(state: str = "running") -> dict[str, Any]:
    glb = "/api/runs/policies/files/person-0/rollouts/assisted-body.glb"
    checkpoints = [
        {
            "samples": 4096 * i, "seconds": 1.5 * i, "return": i / 100, "seconds_up": i / 2, "assist": 0.0,
            "url": f"{glb}?at={i}", "physics": {"length_s": 1.5, "fell_s": i / 20, "force_n": 0.0, "force_share": 0.0},
        }
        for i in EVALUATIONS
    ]  # fmt: skip
    return {
        "id": "one", "person": 0, "name": "a walk, policy 1", "state": state, "stopping": False, "error": None,
        "fraction": 0.2, "message": "", "ahead": None, "created": "2026-01-01T00:00:00Z", "notices": [],
        "settings": {"seconds": 300, "samples": None, "engine": "mujoco", "task": "", "assist": 0.0, "seed": 0},
        "iteration": {"samples": 4096 * ITERATIONS, "seconds": 60.0, "kl": 0.02, "samples_per_second": 2730.0},
        "evaluation": {"samples": 4096 * 30, "return": 0.3, "seconds_up": 15.0, "horizon_s": 20.0, "assist": 0.0},
        "checkpoints": checkpoints, "bundle_url": None,
    }  # fmt: skip


def curve() -> dict[str, Any]:
    at = range(1, ITERATIONS + 1)
    iterations = {"samples": [4096 * i for i in at], "seconds": [1.5 * i for i in at], "kl": [0.02] * ITERATIONS}
    iterations |= {"samples_per_second": [2730.0] * ITERATIONS, "assist": [0.0] * ITERATIONS}
    terms = {"pose": [0.3] * ITERATIONS, "root": [0.1] * ITERATIONS}
    evaluations = {
        "samples": [4096 * i for i in EVALUATIONS],
        "seconds": [1.5 * i for i in EVALUATIONS],
        "return": [i / 100 for i in EVALUATIONS],
        "seconds_up": [i / 2 for i in EVALUATIONS],
        "horizon_s": [20.0] * len(EVALUATIONS),
    }
    return {"iterations": {**iterations, "terms": terms}, "evaluations": evaluations}


@dataclass
class Trainings:
    """What the stub answers, and what it was asked for."""

    known: list[dict[str, Any]] = field(default_factory=list)
    asked: list[tuple[str, Any]] = field(default_factory=list)
    refusal: str = ""

    def answer(self, route: Route) -> None:
        what = route.request.url.rpartition("/")[2]
        if route.request.method == "POST":
            self.asked.append((what, json.loads(route.request.post_data or "null")))
            if self.refusal:
                return route.fulfill(status=400, json={"error": self.refusal})
            if what == "trainings":
                self.known = [training()]
                return route.fulfill(status=201, json={"id": "one"})
            self.known[0] |= {"stop": {"state": "stopped"}, "resume": {"state": "queued"}}[what]
            return route.fulfill(json={"id": "one", "state": self.known[0]["state"]})
        return route.fulfill(json=curve() if what == "curve" else {"trainings": self.known})


@pytest.fixture
def trainings() -> Trainings:
    return Trainings()


@pytest.fixture
def page(browser: Browser, stub: Stub, trainings: Trainings) -> Iterator[Page]:
    run = stub.runs["policies"] = run_json("policies")
    run["people"][0]["trainable"] = True
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.route("**/trainings**", trainings.answer)
    page.goto(stub.url("policies"))
    yield ready(page)
    context.close()
    assert errors == []


def test_a_policy_is_ordered_watched_and_shown_as_soon_as_it_performs(page: Page, trainings: Trainings):
    page.get_by_role("radio", name="30 min").check()
    page.get_by_role("button", name="Train a policy for this motion").click()
    card = page.locator(".training")
    expect(card.locator(".pill")).to_have_text("Training")
    asked = {"person": 0, "seconds": 1800, "engine": "mujoco", "task": "", "assist": 0, "seed": 0}
    assert trainings.asked == [("trainings", asked)]
    expect(card.locator(".training-state")).to_contain_text("163,840 samples in 60 s")
    expect(card.locator(".training-state")).to_contain_text("stays up 15.0 of 20.0 s")
    names = ["Return: now 0.30", "Seconds up: now 15.0 of 20.0 s", "KL: now 0.02", "Samples a second: now 2.7k"]
    for name in names:
        expect(card.get_by_role("img", name=name)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    wait_for(page, "window.understudyViewer.panes().at(-1).shown === 'policy-one'")
    expect(page.locator(".pane").last).to_contain_text("fell at 1.5 s")
    page.get_by_text("Reward terms").click()
    expect(card.locator(".line-legend")).to_contain_text("pose 0.3")


def test_checkpoints_are_scrubbed(page: Page, trainings: Trainings):
    trainings.known = [training("done")]
    page.reload()
    ready(page)
    assert "policy-one" not in [pane["name"] for pane in page.evaluate("window.understudyViewer.panes()")]
    page.get_by_label("Checkpoint").fill("0")
    wait_for(page, "window.understudyViewer.panes().at(-1).shown === 'policy-one'")
    expect(page.locator(".scrub-text")).to_have_text("41k samples, 15 s: return 0.10")
    expect(page.locator(".pane").last).to_contain_text("fell at 0.5 s")
    page.locator(".dot-at").nth(1).click()
    expect(page.locator(".scrub-text")).to_contain_text("return 0.20")
    expect(page.locator(".pane").last).to_contain_text("fell at 1 s")


def test_it_is_stopped_and_resumed_and_its_files_are_one_link(page: Page, trainings: Trainings):
    trainings.known = [training()]
    page.reload()
    card = page.locator(".training")
    card.get_by_role("button", name="Stop").click()
    expect(card.locator(".pill")).to_have_text("Stopped")
    expect(card.get_by_text("files are being written")).to_be_visible()
    trainings.known[0]["bundle_url"] = "/api/runs/policies/trainings/one/bundle.zip"
    expect(card.get_by_role("link", name="Download the policy")).to_be_visible()
    card.get_by_role("button", name="Resume").click()
    expect(card.locator(".pill")).to_have_text("Waiting")
    assert trainings.asked == [("stop", None), ("resume", {})]


def test_what_the_server_refuses_is_said(page: Page, trainings: Trainings):
    trainings.refusal = "The budget in seconds should be above zero, but is 0.0."
    page.get_by_role("radio", name="Own").check()
    page.locator(".own-budget").fill("0")
    page.get_by_role("button", name="Train a policy for this motion").click()
    expect(page.get_by_role("alert").filter(has_text="above zero")).to_be_visible()
    expect(page.get_by_text("Policies cannot be uploaded")).to_be_visible()


def test_a_run_without_a_motion_offers_none(page: Page, stub: Stub):
    stub.runs["policies"]["people"][0]["trainable"] = False
    page.reload()
    ready(page)
    expect(page.locator("#policies")).to_be_hidden()
