"""What is chosen for guided learning: the expert's search, and how a network is taught by it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ExpertSettings:
    """How the linear feedback is found."""

    humanoids: int = 256
    """So many are rolled at once."""
    steps: int = 32
    """Control steps of each between two fits."""
    noise: float = 0.08
    """rad: exploration on the PD targets (less on neck and arms)."""
    start_joints_rad: float = 0.1
    """Standard deviation of every degree of freedom where episodes begin."""
    start_root_speed: float = 0.3
    """m/s: of the root's velocity along each axis."""
    episode: int = 90
    """Control steps after which a humanoid starts anew, so that disturbed starts do not run out."""
    dropped: int = 4
    """Steps before a failure that are not learned from: who falls follows other laws."""
    kept: float = 0.85
    """What older samples count for after another iteration."""
    ridge: float = 0.5
    """See `Samples.models`."""
    neighbours: float = 0.3
    """See `Samples.models`."""
    effort: float = 0.02
    """Cost of an offset per rad^2 and degree of freedom."""
    trust: float = 0.05
    """Cost of leaving the feedback before, per rad^2 and degree of freedom."""
    discount: float = 0.97
    """Of costs, a control step."""
    most: float = 0.8
    """rad: no offset is larger."""
