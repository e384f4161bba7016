"""compose.yaml and the Dockerfile name only what there is: settings, commands, folders, volumes."""

import re
from pathlib import Path

import pytest
import typer.main
import yaml

from webapp.cli import app
from webapp.settings import Settings

ROOT = Path(__file__).parents[1]
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
SERVICES = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"] == "understudy"}
KNOWN = {f"UNDERSTUDY_{name.upper()}" for name in Settings.model_fields}
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]


def words(command: list[str]) -> None:
    """Raise unless this is a command line that `understudy` takes."""
    program, name, *rest = command
    assert program == "understudy"
    COMMANDS[name].make_context(name, rest, resilient_parsing=False)


def test_one_web_two_workers_and_their_database():
    assert len(OURS) == 3
    assert sorted(service["command"][1] for service in OURS.values()) == ["serve", "worker", "worker"]
    assert [name for name in SERVICES if name not in OURS] == ["database"]
    names = [service["command"][3] for service in OURS.values() if service["command"][1] == "worker"]
    assert len(set(names)) == 2
    assert all(OURS[name]["hostname"] == name for name in names)


@pytest.mark.parametrize("name", sorted(OURS))
def test_commands_and_settings_are_those_that_there_are(name: str):
    service = OURS[name]
    words(service["command"])
    checks = service.get("healthcheck", {}).get("test", [])
    if checks:
        words(checks[1:])
        assert checks[checks.index("--name") + 1] == name
    assert set(service["environment"]) <= KNOWN
    assert service["depends_on"] == {"database": {"condition": "service_healthy"}}
    given = {key.removeprefix("UNDERSTUDY_").lower(): "1" for key in ("UNDERSTUDY_PASSWORD",)}
    Settings(queues=service["environment"].get("UNDERSTUDY_QUEUES", ""), **given, _env_file=None)  # type: ignore[arg-type]


def test_volumes_are_declared_and_passwords_are_not_written_down():
    used = {volume.partition(":")[0] for service in SERVICES.values() for volume in service["volumes"]}
    assert used == set(COMPOSE["volumes"])
    home = {service["environment"]["UNDERSTUDY_HOME"] for service in OURS.values()}
    assert {volume.partition(":")[2] for service in OURS.values() for volume in service["volumes"]} == home == {"/data"}
    secrets = [value for s in SERVICES.values() for key, value in s["environment"].items() if "PASSWORD" in key]
    secrets += [s["environment"]["UNDERSTUDY_DATABASE_URL"] for s in OURS.values()]
    assert all(re.search(r"\$\{[A-Z_]+:\?", value) for value in secrets)
    assert ".env" in (ROOT / ".gitignore").read_text().split()
    assert ".env" in (ROOT / ".dockerignore").read_text().split()
    assert all(port.startswith("127.0.0.1:") for s in SERVICES.values() for port in s.get("ports", []))


def test_what_the_image_is_made_of_is_there():
    copied = [word for line in re.findall(r"^COPY (.*) \S+$", DOCKERFILE, re.M) for word in line.split()]
    assert [path for path in copied if not (ROOT / path).exists()] == []
    assert set(re.findall(r"UNDERSTUDY_[A-Z_]+", DOCKERFILE)) <= KNOWN
    assert re.search(r"^USER (?!root)", DOCKERFILE, re.M)
    assert "smpl" not in re.sub("#.*", "", DOCKERFILE)
    words(re.search(r"^CMD \[(.*)\]$", DOCKERFILE, re.M).group(1).replace('"', "").split(", "))  # type: ignore[union-attr]
