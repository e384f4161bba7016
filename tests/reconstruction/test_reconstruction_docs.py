"""docs/reconstruction.md shows the tables that the code has."""

from pathlib import Path

import pytest

from core.reconstruction.objective import OURS, PUBLISHED

DOC = (Path(__file__).parents[2] / "docs" / "reconstruction.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("term", [*OURS, *PUBLISHED], ids=lambda t: t.name)
def test_every_term_is_in_the_docs_as_it_is_in_the_code(term):
    bend = f", {term.bend:g}" if term.loss in ("huber", "geman") else ""
    row = f"| `{term.name}` | {term.weight:g} | {term.sigma:g} | {term.unit} | {term.loss}{bend} | {term.source} |"
    assert row in DOC
