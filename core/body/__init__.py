"""The body of SMPL's layout: rest shape, forward kinematics, landmarks, skinning."""

from core.body.model import Body, load_body

__all__ = ["Body", "load_body"]
