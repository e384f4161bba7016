"""Ground truth as files: what a laboratory and an annotator would write."""

from pathlib import Path

import numpy as np


def write_trc(path: Path, names, times, points, unit: str = "m", frames: int | None = None) -> Path:
    """An OpenSim marker file of points [T, J, 3]; NaN becomes an empty cell."""
    header = [
        f"PathFileType\t4\t(X/Y/Z)\t{path.name}",
        "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\tOrigNumFrames",
        f"60\t60\t{frames or len(points)}\t{len(names)}\t{unit}\t60\t0\t{len(points)}",
        "Frame#\tTime\t" + "\t\t\t".join(names) + "\t\t",
        "\t\t" + "\t".join(f"{axis}{j + 1}" for j in range(len(names)) for axis in "XYZ"),
    ]
    rows = []
    for i, (time, row) in enumerate(zip(times, points.reshape(len(points), -1), strict=True)):
        cells = ["" if np.isnan(value) else repr(float(value)) for value in row]
        rows.append("\t".join([str(i + 1), repr(float(time)), *cells]))
    path.write_text("\n".join([*header, *rows]) + "\n")
    return path


def write_annotation(path: Path, names, frames) -> Path:
    """Hand-placed keypoints in XML, one element <annotation> for each of the frames [T, J, 3]."""
    parts = []
    for points in frames:
        rows = "".join(
            f'<keypoint name="{name}" visible="1" x="{x}" y="{y}" z="{z}" zorder="0"/>\n'
            for name, (x, y, z) in zip(names, points, strict=True)
        )
        parts.append(f"<annotation><keypoints>\n{rows}</keypoints></annotation>")
    path.write_text(f'<?xml version="1.0" encoding="utf-8"?>\n<annotations>{"".join(parts)}</annotations>\n')
    return path
