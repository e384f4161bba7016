"""How finely is drawn on machines of every speed."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page
from viewer_page import ready

TICKS = """async ([pictures, passed]) => {
  const { Detail } = await import("./detail.js");
  const told = [];
  const detail = new Detail((share) => told.push(share));
  let now = 1000;
  for (let k = 0; k < pictures; k += 1) detail.tick((now += passed), true);
  const moving = told.at(-1) ?? 1;
  for (let k = 0; k < 60; k += 1) detail.tick((now += k ? 16 : passed), false);
  return [moving, told.at(-1) ?? 1];
}"""


@pytest.mark.parametrize(("passed", "moving"), [(16, 1), (100, 0.5), (400, 0.5)])
def test_a_slow_machine_draws_coarsely_while_it_moves_and_finely_at_rest(
    open_page: Callable[..., Page], passed: float, moving: float
) -> None:
    page = ready(open_page("walk"))
    assert page.evaluate(TICKS, [20, passed]) == [moving, 1]
