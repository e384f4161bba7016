"""What a person chooses for a run, checked."""

import dataclasses
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.accelerator import CPU, check_device
from core.body.smpl_file import EMBEDDED
from core.control.sampling import SETTINGS as SAMPLING
from core.errors import BadInputError
from core.keypoints.corrections import Correction
from core.keypoints.sources import check_source
from core.mesh_recovery.choosing import check_choice
from core.reconstruction import SOLVERS
from core.reconstruction.height import check_height
from core.seeds import check_seed
from core.video.link import read_link
from core.video.window import check_time_scale

FETCH = "fetch"
"""Name of the stage that only a run of a link has."""
PHYSICS = ("assisted", "sampling", "none")


@dataclass(frozen=True)
class RunSettings:
    """What a person chooses for a run."""

    start_s: float = 0.0
    """Start of the window in the source [s]."""
    end_s: float | None = None
    """End of the window [s]; None is the source's end."""
    person: str = "0"
    """Which person: a number (0 is the largest on screen) or "all"."""
    keypoints: str = "blazepose"
    """Where keypoints come from: "blazepose" (heavy), "blazepose:full", which is faster and less sure, "rtm", or a
    folder, zip or file of OpenPose's JSON (`core.keypoints.sources`)."""
    physics: str = "assisted"
    """How the humanoid follows the motion under physics: "assisted" (led by hand, in seconds), "sampling" (that first,
    then by its muscles alone, `core.control.sampling`) or "none"."""
    seed: int = 0
    """Seed of everything random."""
    max_seconds: float = 120.0
    """The longest window that is taken [s]."""
    hmr: str = "embedded"
    """What recovers the body: "embedded", "closed-form", or a folder with a network (docs/hmr-models.md)."""
    corrections: tuple[Correction, ...] = ()
    """Who is who, by a person's own word, applied in this order (`core.keypoints.corrections`)."""
    video: bool = True
    """Whether side_by_side.mp4 is drawn."""
    body: str = EMBEDDED
    """The body that meshes are shown on: "embedded", or the path of a person's own SMPL-family file."""

    solver: str = "gauss_newton"
    """What reconstructs the motion: "gauss_newton", or "adam" as SFV published it."""
    height_m: float | None = None
    """The person's height [m], which sets the scale; None takes the recovered shape's."""
    time_scale: float = 1.0
    """How many times slower than life the video plays."""
    loop: bool = False
    """Whether the reference motion is one cycle of the motion, closed."""
    sampling: str = "quick"
    """How long sampling looks for a performance: "quick", or "refined" (about three times as long)."""
    device: str = CPU
    """Where networks are computed: "cpu", or "gpu" (`core.accelerator`)."""
    link: str = ""
    """Where the source is fetched from (`core.video.fetch`); empty where it is a file."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "corrections", tuple(Correction.from_json(each) for each in self.corrections))
        if self.physics not in PHYSICS:
            raise BadInputError(f"Physics should be one of {', '.join(PHYSICS)}, but is {self.physics!r}.")
        if self.sampling not in SAMPLING:
            raise BadInputError(f"Sampling should be one of {', '.join(SAMPLING)}, but is {self.sampling!r}.")
        check_source(self.keypoints)
        check_choice(self.hmr)
        if self.body != EMBEDDED and not Path(self.body).is_file():
            raise BadInputError(f"The body should be {EMBEDDED!r} or an SMPL file, but {self.body} does not exist.")
        if self.solver not in SOLVERS:
            raise BadInputError(f"The solver should be one of {', '.join(SOLVERS)}, but is {self.solver!r}.")
        check_device(self.device)
        check_height(self.height_m)
        check_seed(self.seed)
        check_time_scale(self.time_scale)
        if self.link:
            object.__setattr__(self, "link", read_link(self.link).url)
        if self.person != "all" and not self.person.isdecimal():
            raise BadInputError(f"The person should be a number from 0 or 'all', but is {self.person!r}.")
        if not math.isfinite(self.start_s) or self.start_s < 0:
            raise BadInputError(f"The window should start at 0 s or later, but starts at {self.start_s} s.")
        if self.end_s is not None and not self.end_s > self.start_s:
            raise BadInputError(
                f"The window should end after its start, but runs from {self.start_s:g} s to {self.end_s:g} s."
            )

    def to_json(self) -> dict[str, Any]:
        """The settings as plain JSON."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> "RunSettings":
        """The settings from JSON; unknown names are refused with the known ones named."""
        known = {f.name for f in dataclasses.fields(cls)}
        if unknown := set(content) - known:
            raise BadInputError(
                f"Settings should be among {', '.join(sorted(known))}, but there is {', '.join(sorted(unknown))}."
            )
        return cls(**content)
