"""What can be chosen about finding and following people."""

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class KeypointSettings:
    """Settings of `track_people`."""

    model: str = "blazepose"
    """The landmark network; "blazepose" is BlazePose GHUM heavy, "blazepose:full" the smaller one: four times as fast,
    but it swaps left and right more often."""
    detection_interval: int = 15
    """Frames between two looks at the whole picture for new people."""
    detection_threshold: float = 0.5
    """The least score of a detector hit, in [0, 1]."""
    presence_threshold: float = 0.5
    """The least pose flag of a skeleton, in [0, 1]. The flag is high for garbage too; the gates do the rest."""
    max_people: int = 6
    """No more people than this are followed at once."""
    memory_s: float = 1.5
    """A lost person is taken up again within this time [s]; later it is somebody new."""
    min_seconds: float = 0.5
    """Shorter tracks [s] are dropped as fragments ..."""
    min_share: float = 0.2
    """... and so are those that cover less than this share of the clip."""
    threads: int = 0
    """Threads of the networks; 0 takes one per processor, at most four."""

    @property
    def network_threads(self) -> int:
        return self.threads or min(os.cpu_count() or 1, 4)
