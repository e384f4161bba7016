"""From one person's keypoints to a body in every frame, each frame by itself.

For now the "network" is a closed form: BlazePose's 33 world landmarks -> joint rotations of the SMPL-layout body
(`closed_form`), bone lengths -> shape (`shape`), pixels -> metric translation (`cameras`).
"""

from core.mesh_recovery.recover import MeshRecoverySettings, recover

__all__ = ["MeshRecoverySettings", "recover"]
