"""Focal lengths read from pictures and videos, and refused where they make no sense."""

from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import ExifTags, Image

from core.video.focal_length import read_focal_length


def picture(path, **tags):
    image = Image.new("RGB", (400, 300))
    exif = image.getexif()
    for name, value in tags.items():
        exif.get_ifd(ExifTags.IFD.Exif)[getattr(ExifTags.Base, name)] = value
    image.save(path, exif=exif)
    return path


def video(path, **tags):
    with av.open(str(path), "w", options={"movflags": "use_metadata_tags"}) as container:
        container.metadata.update(tags)
        stream = container.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for i in range(3):
            frame = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), format="rgb24")
            frame.pts, frame.time_base = i, Fraction(1, 30)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def test_a_pictures_35_mm_equivalent(tmp_path):
    found = read_focal_length(picture(tmp_path / "a.jpg", FocalLengthIn35mmFilm=26))
    assert np.isclose(found.pixels(400, 300), 26 / np.hypot(36, 24) * 500)
    assert "26 mm" in found.evidence
    assert "EXIF" in found.evidence


def test_lens_and_sensor_of_a_picture(tmp_path):
    """4 mm before pixels of 4 um, of which half the width is left: 500 px."""
    path = picture(
        tmp_path / "a.jpg",
        FocalLength=4.0,
        FocalPlaneXResolution=2500.0,
        FocalPlaneResolutionUnit=3,
        ExifImageWidth=800,
    )
    assert np.isclose(read_focal_length(path).pixels(400, 300), 500.0, rtol=1e-3)


def test_a_phones_video(tmp_path):
    path = video(tmp_path / "a.mov", **{"com.apple.quicktime.camera.focal_length.35mm_equivalent": "24"})
    found = read_focal_length(path)
    assert np.isclose(found.diagonals, 24 / np.hypot(36, 24))
    assert "tag" in found.evidence


@pytest.mark.parametrize("value", [0, 4, 65535])
def test_nonsense_is_nothing(tmp_path, value):
    assert read_focal_length(picture(tmp_path / "a.jpg", FocalLengthIn35mmFilm=value)) is None


def test_files_that_say_nothing(tmp_path):
    assert read_focal_length(picture(tmp_path / "a.jpg")) is None
    assert read_focal_length(video(tmp_path / "a.mp4")) is None
    nonsense = video(tmp_path / "b.mov", **{"com.apple.quicktime.camera.focal_length.35mm_equivalent": "wide"})
    assert read_focal_length(nonsense) is None
