"""What is chosen for guided learning: the expert's search, and how a network is taught by it."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class ExpertSettings:
    """How the linear feedback is found."""

    iterations: int = 200
    """Fits, at most."""
    settled: int = 25
    """So many of them without any assist end the search."""
    humanoids: int = 256
    """So many are rolled at once."""
    steps: int = 32
    """Control steps of each between two fits."""
    noise: float = 0.05
    """rad: exploration on the PD targets (less on neck and arms)."""
    assist: float = 0.3
    """Share of the root assist at the beginning (mujoco only; 0 begins without)."""
    failures: float = 0.005
    """Failures a control step: with fewer some of the assist is taken away, with more than twice as many some comes
    back."""
    taken: float = 0.8
    """What is left of the assist when some is taken back; below 0.003 all of it goes."""
    start_joints_rad: float = 0.05
    """Standard deviation of every degree of freedom where episodes begin."""
    start_root_speed: float = 0.1
    """m/s: of the root's velocity along each axis."""
    episode: int = 300
    """Control steps after which a humanoid starts anew, so that disturbed starts do not run out."""
    dropped: int = 4
    """Steps before a failure that are not learned from: who falls follows other laws."""
    kept: float = 0.93
    """What older samples count for after another iteration."""
    ridge: float = 0.5
    """See `Samples.models`."""
    neighbours: float = 0.3
    """See `Samples.models`."""
    effort: float = 2.0
    """Cost of an offset per rad^2 and degree of freedom."""
    trust: float = 10.0
    """Cost of leaving the feedback before, per rad^2 and degree of freedom."""
    discount: float = 0.97
    """Of costs, a control step."""
    most: float = 0.8
    """rad: no offset is larger."""


@dataclass(frozen=True)
class CloningSettings:
    """How a network is taught."""

    rounds: int = 20
    """Of collecting and fitting."""
    humanoids: int = 256
    """So many are rolled at once."""
    start_joints_rad: float = 0.05
    """Standard deviation of every degree of freedom where episodes begin."""
    start_root_speed: float = 0.15
    """m/s: of the root's velocity along each axis."""
    steps: int = 24
    """Control steps of each humanoid a round."""
    noise: float = 0.04
    """rad: exploration on the PD targets (less on neck and arms)."""
    expert_share: float = 0.8
    """Of the humanoids of a round so many are driven by the expert, to the power of the rounds before."""
    least_expert: float = 0.15
    """But no fewer."""
    memory: int = 150_000
    """So many of the newest samples are fitted."""
    normalising_rounds: int = 4
    """Observations are normalised by what was seen until then."""
    epochs: int = 2
    """Passes over the samples a round."""
    minibatch: int = 512
    """Samples a gradient step."""
    learning_rate: float = 1e-3
    """Adam's, at first."""
    last_rate: float = 0.1
    """Share of it at last."""


@dataclass(frozen=True)
class GuidedSettings:
    """The head start of a guided training."""

    expert: ExpertSettings = field(default_factory=ExpertSettings)
    """How the expert is found."""
    cloning: CloningSettings = field(default_factory=CloningSettings)
    """How the network is taught by it."""
    value_iterations: int = 12
    """Iterations of PPO in which only the value function learns."""
    expert_share: float = 0.35
    """The search may take so much of the training's budget."""
    taught_share: float = 0.6
    """Search and cloning together may take so much of it."""
