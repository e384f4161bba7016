"""Reading ground truth: what is understood, and what is refused with a reason."""

import pickle
import zipfile

import numpy as np
import pytest
from support.truth_files import write_annotation, write_trc

from core.body import load_body
from core.errors import BadInputError
from core.evaluation import read_truth
from core.evaluation.keypoint_xml import read_keypoint_xml
from core.metrics.limb_joints import LIMB_JOINTS, LIMBS_IN_SMPL
from core.notices import collecting

RNG = np.random.default_rng(0)
POINTS = RNG.normal(0, 0.3, (7, 14, 3))
NAMES = [
    "".join(word[:1].upper() + (word[1:] if i else "") for i, word in enumerate(n.split("_"))) for n in LIMB_JOINTS
]
SHORT = [n.split("_")[0][0].upper() + "_" + n.split("_")[1].title() for n in LIMB_JOINTS]
TIMES = np.array([0.0, 0.02, 0.03, 0.07, 0.08, 0.10, 0.5])


def npz(tmp_path, **arrays):
    np.savez(tmp_path / "truth.npz", **arrays)
    return tmp_path / "truth.npz"


def test_an_npz_with_names(tmp_path):
    order = RNG.permutation(12)
    path = npz(tmp_path, joints=POINTS[:, order], names=np.array(SHORT)[order], times=TIMES, unit="m")
    got = read_truth(path)
    np.testing.assert_allclose(got.joints, POINTS[:, :12])
    np.testing.assert_allclose(got.times, TIMES)
    assert got.metric


@pytest.mark.parametrize("count", [12, 14])
def test_an_npz_in_a_known_order(tmp_path, count):
    got = read_truth(npz(tmp_path, joints=POINTS[:, :count], fps=50.0))
    np.testing.assert_allclose(got.joints, POINTS[:, :12])
    np.testing.assert_allclose(got.times, np.arange(7) / 50)


def test_smpls_joints_and_a_single_frame(tmp_path):
    joints = load_body().joints_template
    got = read_truth(npz(tmp_path, joints=joints))
    np.testing.assert_allclose(got.joints[0], joints[LIMBS_IN_SMPL])
    assert got.times is None


@pytest.mark.parametrize(("factor", "unit"), [(1000, "mm"), (100, "cm")])
def test_a_unit_that_is_not_named_is_told_by_the_bodys_size(tmp_path, factor, unit):
    with collecting() as notes:
        got = read_truth(npz(tmp_path, joints=factor * POINTS))
    np.testing.assert_allclose(got.joints, POINTS[:, :12])
    assert unit in notes[0]
    with collecting() as notes:
        assert not read_truth(npz(tmp_path, joints=1e6 * POINTS)).metric
    assert "only errors after scaling" in notes[0]


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"points": POINTS}, "holds points"),
        ({"joints": POINTS[:, :13]}, "13 joints without names"),
        ({"joints": POINTS[..., :2]}, r"\[T, J, 3\]"),
        ({"joints": POINTS[:0]}, r"\[T, J, 3\]"),
        ({"joints": POINTS, "names": np.array(["a", "b"])}, "14 texts"),
        ({"joints": POINTS, "times": TIMES[::-1]}, "increasing times"),
        ({"joints": POINTS, "times": TIMES[:3]}, "increasing times"),
        ({"joints": POINTS, "times": TIMES.astype(str)}, "increasing times"),
        ({"joints": POINTS, "times": np.array("soon")}, "increasing times"),
        ({"joints": POINTS, "fps": 0}, "above 0"),
        ({"joints": POINTS, "fps": "fast"}, "above 0"),
        ({"joints": POINTS, "fps": "25"}, "above 0"),
        ({"joints": POINTS, "fps": 25 + 1j}, "above 0"),
        ({"joints": POINTS, "unit": "feet"}, "'feet'"),
    ],
)
def test_an_npz_that_does_not_fit_is_refused(tmp_path, arrays, words):
    with pytest.raises(BadInputError, match=words):
        read_truth(npz(tmp_path, **arrays))


def test_damaged_and_dangerous_archives_are_refused(tmp_path, monkeypatch):
    whole = npz(tmp_path, joints=POINTS).read_bytes()
    (tmp_path / "cut.npz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadInputError, match="cannot be read"):
        read_truth(tmp_path / "cut.npz")

    class Evil:
        def __reduce__(self):
            return print, ("executed",)

    (tmp_path / "pickle.npz").write_bytes(pickle.dumps(Evil()))
    np.savez(tmp_path / "object.npz", joints=np.array([Evil()], object))
    for name in ("pickle.npz", "object.npz"):
        with pytest.raises(BadInputError, match="cannot be read"):
            read_truth(tmp_path / name)
    with (
        zipfile.ZipFile(tmp_path / "bomb.npz", "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("joints.npy", "w") as f,
    ):
        f.write(b"\0" * 3_000_000)
    monkeypatch.setattr("core.evaluation.joints_npz.MAX_BYTES", 2_000_000)
    with pytest.raises(BadInputError, match="at most 2 MB"):
        read_truth(tmp_path / "bomb.npz")


@pytest.mark.parametrize(("unit", "factor"), [("m", 1), ("mm", 1000), ("cm", 100)])
def test_a_trc_file_of_any_unit_and_a_varying_rate(tmp_path, unit, factor):
    points = factor * POINTS[:, :12]
    points[3, 4] = np.nan
    points[6, 11] = np.nan
    got = read_truth(write_trc(tmp_path / "a.trc", [*NAMES], TIMES, points, unit))
    np.testing.assert_allclose(got.joints, points / factor)
    np.testing.assert_allclose(got.times, TIMES)
    assert got.metric


def test_a_trc_file_with_more_markers_and_fewer_cells(tmp_path):
    path = write_trc(
        tmp_path / "a.trc",
        ["Neck", *NAMES, "Head"],
        TIMES,
        np.concatenate([POINTS[:, 12:13], POINTS[:, :12], POINTS[:, 13:]], axis=1),
    )
    lines = path.read_text().splitlines()
    lines[7] = "\t".join(lines[7].split("\t")[:-3])  # without the last marker
    lines[8] += "\t\t"
    lines.insert(5, "")
    path.write_text("\n".join(lines))
    np.testing.assert_allclose(read_truth(path).joints, POINTS[:, :12])


def test_a_trc_file_that_is_none_or_was_cut_is_refused(tmp_path):
    path = write_trc(tmp_path / "a.trc", NAMES, TIMES, POINTS[:, :12])
    whole = path.read_text()
    for content, words in (
        ("", "five lines"),
        ("hello\n" * 20, "PathFileType first"),
        ("\n".join(whole.splitlines()[:5]), "header only"),
        (whole.replace("\tm\t60", "\tinch\t60"), "inch"),
        (whole.rsplit("\t", 1)[0], "line 12"),
        (whole.replace("\t0.02\t", "\tsoon\t"), "line 7"),
        (whole.replace("RAnkle", "Foot").replace("R", "Q").replace("L", "Q"), "name limb joints"),
    ):
        path.write_text(content)
        with pytest.raises(BadInputError, match=words):
            read_truth(path)
    path.write_bytes(b"PathFileType\xff\xfe\x00")
    with pytest.raises(BadInputError, match="text"):
        read_truth(path)
    with collecting() as notes:
        read_truth(write_trc(path, NAMES, TIMES, POINTS[:, :12], frames=70))
    assert "cut short" in notes[0]


def test_a_trc_file_of_an_old_program_is_read(tmp_path):
    """A mark of UTF-8 at the start; a path in Latin-1 (and a sign that Unicode takes for the end of a line)."""
    path = write_trc(tmp_path / "a.trc", NAMES, TIMES, POINTS[:, :12])
    whole = path.read_bytes()
    for content in (
        b"\xef\xbb\xbf" + whole,
        whole.replace(b"a.trc", "C:\\Zoë\\a.trc".encode("latin-1"), 1),
        whole.replace(b"a.trc", b"C:\\Zo\xeb\x85\\a.trc", 1).replace(b"\n", b"\r\n"),
    ):
        path.write_bytes(content)
        np.testing.assert_allclose(read_truth(path).joints, POINTS[:, :12])
    path.write_bytes(whole.decode().encode("utf-16"))
    with pytest.raises(BadInputError, match="which is text"):
        read_truth(path)


def test_an_annotation_becomes_right_handed(tmp_path):
    got = read_truth(write_annotation(tmp_path / "a.xml", ["B_Head", *SHORT], POINTS[:1, [13, *range(12)]]))
    np.testing.assert_allclose(got.joints, POINTS[:1, :12] * [1, 1, -1])
    assert not got.metric
    assert got.times is None
    several = read_truth(write_annotation(tmp_path / "b.xml", SHORT, POINTS[:, :12]))
    np.testing.assert_allclose(several.joints, POINTS[:, :12] * [1, 1, -1])


BOMB = """<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><a><keypoint name="R_Hip" x="1" y="1" z="&c;"/></a>"""
FILE = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;<keypoint name="R_Hip" x="1" y="1" z="1"/></a>'
REMOTE = '<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd"><a/>'


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (BOMB, "without a document type"),
        (FILE, "without a document type"),
        (REMOTE, "without a document type"),
        ("<a><keypoint", "cannot be read"),
        ("", "cannot be read"),
        ("<a/>", "has none"),
        ('<a><keypoint name="R_Hip" x="1" y="1"/></a>', "numbers x, y, z"),
        ('<a><keypoint name="R_Hip" x="1" y="1" z="deep"/></a>', "numbers x, y, z"),
        ('<a><keypoint name="R_Hip" x="1" y="1" z="1"/><keypoint name="R_Hip" x="1" y="1" z="1"/></a>', "twice"),
        ('<a><keypoint name="Tail" x="1" y="1" z="1"/></a>', "name limb joints"),
    ],
)
def test_other_xml_is_refused(tmp_path, content, words):
    (tmp_path / "a.xml").write_text(content)
    with pytest.raises(BadInputError, match=words):
        read_keypoint_xml(tmp_path / "a.xml")


def test_an_undeclared_entity_is_an_error(tmp_path):
    (tmp_path / "a.xml").write_text('<a><keypoint name="&evil;" x="1" y="1" z="1"/></a>')
    with pytest.raises(BadInputError, match="cannot be read"):
        read_keypoint_xml(tmp_path / "a.xml")


def test_other_kinds_of_files_are_refused(tmp_path):
    (tmp_path / "a.csv").write_text("1,2,3")
    with pytest.raises(BadInputError, match=r"\.npz, \.trc, \.xml"):
        read_truth(tmp_path / "a.csv")
    with pytest.raises(BadInputError, match="does not exist"):
        read_truth(tmp_path / "nothing.trc")
