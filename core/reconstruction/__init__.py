"""From a body in every frame to a motion in the world: smooth, on the ground, with feet that stay where they stand.

Simple means: outliers out, a smoothing spline on rotations and path (`smoothing`), a ground plane (`ground`), contacts
(`contacts`), and banded linear solves (`settling`) that move the root and then each foot so that contacts hold
(`standing`).
"""

from core.reconstruction.contacts import predict_contacts
from core.reconstruction.placing import place_in_world
from core.reconstruction.reconstruct import ReconstructionSettings, reconstruct

__all__ = ["ReconstructionSettings", "place_in_world", "predict_contacts", "reconstruct"]
