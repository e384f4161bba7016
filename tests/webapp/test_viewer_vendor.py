"""The vendored three.js is the one that its checksums name, whole, and imports nothing from outside."""

import re
import shutil
import tarfile
from pathlib import Path

import pytest

from tools.refresh_viewer_vendor import FILES, VENDOR, differences, read_checksums, unpack

VIEWER = VENDOR.parents[1]
IMPORT = re.compile(
    r"""^\s*(?:import|export)\b[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]|^\s*import\s*['"]([^'"]+)['"]""", re.M
)


def imports_of(path: Path) -> list[str]:
    return [first or second for first, second in IMPORT.findall(path.read_text())]


def test_copy_is_the_one_that_the_checksums_name() -> None:
    assert differences() == []
    assert set(FILES.values()) <= read_checksums().keys()
    assert "MIT" in (VENDOR / "LICENSE").read_text()


def test_a_changed_a_missing_and_a_strange_file_are_named(tmp_path: Path) -> None:
    copy = shutil.copytree(VENDOR, tmp_path / "three")
    (copy / "VERSION").write_text("three 0.0.1\n")
    (copy / "LICENSE").unlink()
    (copy / "extra.js").write_text("")
    assert differences(copy) == [
        "LICENSE is missing.",
        "extra.js is not listed in SHA256SUMS.",
        "VERSION was altered.",
    ]


def test_a_package_without_the_files_leaves_the_copy_alone(tmp_path: Path) -> None:
    copy = shutil.copytree(VENDOR, tmp_path / "three")
    with tarfile.open(tmp_path / "three.tgz", "w:gz") as package:
        package.add(VENDOR / "LICENSE", "package/LICENSE")
    with pytest.raises(SystemExit, match=r"has no build/three\.module\.js"):
        unpack(tmp_path / "three.tgz", "9.9.9", copy)
    assert differences(copy) == []


def test_every_import_of_the_page_is_a_file_beside_it() -> None:
    mapped = {
        "three": VENDOR / "build" / "three.module.js",
        "three/addons/": VENDOR / "addons",
    }
    modules = [*VIEWER.rglob("*.js")]
    assert len(modules) > 10
    for module in modules:
        for name in imports_of(module):
            if name.startswith("three/addons/"):
                target = mapped["three/addons/"] / name.removeprefix("three/addons/")
            elif name == "three":
                target = mapped["three"]
            else:
                assert name.startswith("."), f"{module.name} imports {name} from outside"
                target = module.parent / name
            assert target.is_file(), f"{module.name} imports {name}, which is not there"


def test_every_module_of_the_page_is_asked_for_at_once() -> None:
    """Else each would be asked for only once the one that imports it has come: five steps, one after another."""
    asked = set(re.findall(r'<link rel="modulepreload" href="([^"]+)">', (VIEWER / "index.html").read_text()))
    needed, waiting = set(), [VIEWER / "main.js"]
    while waiting:
        module = waiting.pop()
        for name in imports_of(module):
            if name == "three" or name.startswith("three/"):
                continue
            target = (module.parent / name).resolve()
            if target not in needed:
                needed.add(target)
                waiting.append(target)
    own = {str(path.relative_to(VIEWER)) for path in needed if VENDOR not in path.parents}
    assert own == {name for name in asked if not name.startswith("vendor/")}
