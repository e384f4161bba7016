"""The humanoid's URDF for PyBullet: pybullet_data's, with the joint axes that its parser asks for written out."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree

import pybullet_data

from core.errors import AssetError

SCALE = 0.25
"""`globalScaling`: the file is four times the humanoid's size."""


@contextmanager
def humanoid_urdf() -> Iterator[str]:
    """A path of the humanoid's URDF, good inside the block.

    The original leaves the axis of spherical joints out, which have none; the parser then prints a warning a joint,
    eight a load, into everybody's log. The copy says (1, 0, 0), which is what the parser assumes. Nothing else differs.
    """
    original = Path(pybullet_data.getDataPath()) / "humanoid" / "humanoid.urdf"
    if not original.exists():
        raise AssetError(f"pybullet should bring humanoid/humanoid.urdf, but {original} is missing. Reinstall it.")
    text = original.read_text(encoding="utf-8").rstrip("\0 \n\r\t")  # it ends in a zero byte, which is no XML
    robot = ElementTree.fromstring(text)
    for joint in robot.iter("joint"):
        if joint.find("axis") is None:
            ElementTree.SubElement(joint, "axis", xyz="1 0 0")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "humanoid.urdf"
        path.write_bytes(ElementTree.tostring(robot))
        yield str(path)
