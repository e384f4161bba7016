"""docs/use.md names every command, option and setting; links between the pages of the docs lead somewhere."""

import re
from pathlib import Path

import pytest
import typer.main

from webapp.cli import app
from webapp.settings import Settings

ROOT = Path(__file__).parents[1]
USE = (ROOT / "docs" / "use.md").read_text(encoding="utf-8")
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")])


def section(command: str) -> str:
    """What docs/use.md says under the heading of a command."""
    found = re.search(rf"^### `understudy {re.escape(command)}`$(.*?)(?=^##)", USE, re.M | re.S)
    return found.group(1) if found else ""


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_and_option_is_described(command: str):
    text = section(command)
    assert text, f"docs/use.md should have a heading ### `understudy {command}`."
    options = {name for p in COMMANDS[command].params for name in (*p.opts, *p.secondary_opts) if name.startswith("--")}
    missing = {name for name in options if not re.search(rf"{re.escape(name)}\b(?!-)", text)}
    assert not missing, f"docs/use.md does not say what {', '.join(sorted(missing))} of understudy {command} does."


@pytest.mark.parametrize("command", sorted(set(re.findall(r"^### `understudy ([a-z-]+)`$", USE, re.M))))
def test_no_command_or_option_is_described_that_does_not_exist(command: str):
    assert command in COMMANDS
    known = {name for each in COMMANDS.values() for p in each.params for name in (*p.opts, *p.secondary_opts)}
    # Options of other programs have underscores ("--write_json").
    told = set(re.findall(r"(?<![\w-])--[a-z0-9][a-z0-9-]*[a-z0-9](?![\w])", section(command)))
    assert told <= known, f"docs/use.md tells of {', '.join(sorted(told - known))}, which no command has."


def test_every_setting_is_described_and_no_other():
    """Those of the site, and what else the code reads from the environment."""
    code = "".join(p.read_text(encoding="utf-8") for room in ("core", "webapp") for p in (ROOT / room).rglob("*.py"))
    known = {f"UNDERSTUDY_{name.upper()}" for name in Settings.model_fields}
    known |= set(re.findall(r"UNDERSTUDY_[A-Z][A-Z_]*[A-Z]", code))
    told = set(re.findall(r"`(UNDERSTUDY_[A-Z_]+)`", USE))
    assert told == known, f"missing: {sorted(known - told)}; not known: {sorted(told - known)}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_files_lead_somewhere(page: Path):
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8"))
    missing = [link for link in links if not (page.parent / link).exists()]
    assert not missing
