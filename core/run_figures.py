"""The figures of a run: metrics.json, and those of each policy's performance in a file of its own.

Trainings of one run may be at work on several machines at once, and beside the run itself. With a file each none writes
over another's, and each goes where the policy's other files go: to the store, or away.
"""

from pathlib import Path
from typing import Any

from core.run_folder import RunFolder, read_json

POLICY = "policy-"
"""How a policy's performance is called, before the policy's id."""


def policy_figures(person: Path, name: str) -> Path:
    """The file with the figures {figure: value} of a policy's performance `name` in a person's folder."""
    return person / "rollouts" / f"{name}.json"


def read_figures(folder: RunFolder) -> dict[str, dict[str, Any]]:
    """Person -> motion or performance -> figure -> value; {} where nothing was measured yet.

    `BadInputError` where a file holds no JSON object.
    """
    figures = {}
    for person, known in read_json(folder.metrics).items():
        # In runs of earlier versions metrics.json has policies, too, even such as were removed since.
        rollouts = folder.root / f"person-{person}" / "rollouts"
        there = {name for name in known if not name.startswith(POLICY) or (rollouts / f"{name}.npz").is_file()}
        figures[person] = {name: known[name] for name in known if name in there}
    for path in sorted(folder.root.glob(f"person-*/rollouts/{POLICY}*.json")):
        figures.setdefault(path.parents[1].name.removeprefix("person-"), {})[path.stem] = read_json(path)
    return figures
