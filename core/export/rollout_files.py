"""A rollout as files in a folder of its own, as `understudy perform` and `understudy rollout` leave them."""

from pathlib import Path

from core.body import load_body
from core.export.glb import write_glb
from core.export.humanoid_glb import write_humanoid_glb
from core.export.sources import humanoid_on_body
from core.humanoid import rollout_to_body
from core.motion import BodyMotion, HumanoidMotion, Rollout

ROLLOUT_COLOUR = (0.45, 0.78, 0.55)
"""sRGB of the clothes in which a performance is shown."""


def write_rollout(
    folder: Path, name: str, rollout: Rollout, reference: HumanoidMotion, shown: BodyMotion | None = None
) -> None:
    """Write `rollout` as NAME.npz, NAME-body.glb and NAME-humanoid.glb, with the reference.txt and the motion.npz that
    they belong to. `shown`: the motion on whose body it is shown; without one it is `reference` on the mean body."""
    shown = shown or humanoid_on_body(reference)
    shown.save(folder / "motion.npz")
    reference.save(folder / "reference.txt")
    rollout.save(folder / f"{name}.npz")
    write_glb(folder / f"{name}-body.glb", rollout_to_body(rollout, shown), load_body(), ROLLOUT_COLOUR)
    write_humanoid_glb(folder / f"{name}-humanoid.glb", rollout)
