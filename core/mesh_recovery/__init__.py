"""From one person's keypoints, or the pixels round them, to a body in every frame, each frame by itself.

`recover_body` chooses the way: the network that ships, a closed form (`recover`: world landmarks -> joint rotations,
bone lengths -> shape, pixels -> metric translation), or a person's own network in ONNX (`recover_with_network`).
"""

from core.mesh_recovery.choosing import recover_body
from core.mesh_recovery.recover import MeshRecoverySettings, recover

__all__ = ["MeshRecoverySettings", "recover", "recover_body"]
