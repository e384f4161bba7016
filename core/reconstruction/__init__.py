"""From a body in every frame to a motion in the world: smooth, on the ground, with feet that stay where they stand.

A closed-form start (`start`), then one written objective (`objective`: its terms in one table) minimised by banded
Gauss-Newton (`gauss_newton`) or, as published, by Adam (`adam`); then the ground (`ground`), contacts (`contacts`) and
a second solve in which feet that stand neither slide nor sink.
"""

from core.reconstruction.contacts import predict_contacts
from core.reconstruction.cycle import close_cycle, find_cycle
from core.reconstruction.placing import place_in_world
from core.reconstruction.reconstruct import (
    SOLVERS,
    Reconstruction,
    ReconstructionSettings,
    reconstruct,
    reconstruct_with_curves,
)

__all__ = [
    "SOLVERS",
    "Reconstruction",
    "ReconstructionSettings",
    "close_cycle",
    "find_cycle",
    "place_in_world",
    "predict_contacts",
    "reconstruct",
    "reconstruct_with_curves",
]
