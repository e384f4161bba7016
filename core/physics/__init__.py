"""Simulation of the humanoid: worlds, muscles, and the hand that leads the root."""

import os


def _import_bullet_quietly() -> None:
    """PyBullet announces its build date on the error output, from C, whenever it is imported; keep that to itself."""
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        import pybullet  # noqa: F401
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


_import_bullet_quietly()
