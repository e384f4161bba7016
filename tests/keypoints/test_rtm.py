"""RTMPose through a stand-in for rtmlib: its classes' interface, answers that are known."""

import sys
import types

import numpy as np
import pytest
from onnx import TensorProto, helper, save

from core.errors import BadInputError
from core.keypoints import KeypointSettings, track_people
from core.keypoints.downloads import RemoteFile
from core.keypoints.rtm import rtm_tracks, skeletons
from core.keypoints.rtm_models import DETECTOR, POSE, RtmModels, RtmSettings, load_models
from core.keypoints.skeleton_maps import HALPE_26
from core.keypoints.skeletons import INDEX
from core.keypoints.sources import tracks_from
from core.notices import collecting

N = 14


@pytest.fixture(scope="module")
def short(walker_frames, clip_of):
    return clip_of(walker_frames[:N])


@pytest.fixture(scope="module")
def truth(short):
    return track_people(short, KeypointSettings(model="blazepose:full"))


def halpe(points: np.ndarray) -> np.ndarray:
    """[26,3] from BlazePose's [33,3]."""
    return np.array([points[INDEX[name]] if name else np.zeros(3) for name in HALPE_26])


class Library:
    """rtmlib's YOLOX and RTMPose for a clip whose people are known; it counts what it is asked."""

    def __init__(self, clip, truth):
        self.truth, self.frames = truth, list(clip.frames())
        self.detections, self.readings, self.made = 0, 0, []

    def index(self, picture, bgr=False):
        picture = picture[..., ::-1] if bgr else picture
        return next(i for i, frame in enumerate(self.frames) if np.array_equal(frame, picture))

    def detect(self, picture):
        self.detections += 1
        i = self.index(picture, bgr=True)
        return np.array([track.boxes[i] for track in self.truth])

    def read(self, picture, bboxes):
        assert len(bboxes), "without boxes RTMPose invents a person"
        self.readings += 1
        i = self.index(picture)
        found = []
        for box in np.array(bboxes):
            middle = (box[:2] + box[2:]) / 2
            boxes = np.array([track.boxes[i] for track in self.truth])
            nearest = np.linalg.norm((boxes[:, :2] + boxes[:, 2:]) / 2 - middle, axis=1).argmin()
            found.append(halpe(self.truth[nearest].keypoints[i]))
        return np.array(found)[..., :2], np.array(found)[..., 2]

    def module(self):
        library = self

        class YOLOX:
            def __init__(self, onnx_model, model_input_size, backend, device):
                print("load something")
                library.made.append(("YOLOX", model_input_size))

            def __call__(self, image):
                return library.detect(image)

        class RTMPose:
            def __init__(self, onnx_model, model_input_size, backend, device):
                library.made.append(("RTMPose", model_input_size))

            def __call__(self, image, bboxes):
                return library.read(image, bboxes)

        module = types.ModuleType("rtmlib")
        module.YOLOX, module.RTMPose = YOLOX, RTMPose
        return module


def network_file(path, height, width):
    """A network that has nothing but an input of this size."""
    put = helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 3, height, width])
    out = helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, 3, height, width])
    graph = helper.make_graph([helper.make_node("Identity", ["input"], ["output"])], "g", [put], [out])
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


@pytest.fixture
def library(short, truth, monkeypatch):
    made = Library(short, truth)
    monkeypatch.setitem(sys.modules, "rtmlib", made.module())
    return made


@pytest.fixture
def own_files(tmp_path):
    return RtmSettings(network_file(tmp_path / "d.onnx", 640, 416), network_file(tmp_path / "p.onnx", 256, 192))


def test_people_are_followed_with_feet_and_depth(short, truth, library, own_files, capsys):
    tracks = rtm_tracks(short, KeypointSettings(), rtm=own_files)
    assert capsys.readouterr().out == ""  # figures may be printed there
    assert library.made == [("YOLOX", (640, 416)), ("RTMPose", (192, 256))]
    assert library.detections == 2
    assert library.readings == N
    assert len(tracks) == 2
    rows = [INDEX[name] for name in ("nose", "left_heel", "right_foot_index", "left_wrist")]
    for track, true in zip(tracks, truth, strict=True):
        assert track.present.all()
        assert np.abs(track.keypoints[:, rows] - true.keypoints[:, rows]).max() < 1e-6
        assert (track.keypoints[:, INDEX["left_pinky"], 2] == 0).all()
        hips = track.world[:, [INDEX["left_hip"], INDEX["right_hip"]]]
        assert np.abs(hips.mean(axis=1)).max() < 0.1
        assert (track.world[:, INDEX["nose"], 1] < -0.4).all()


def test_where_nobody_is_the_pose_network_is_not_asked(short):
    calls = []
    models = RtmModels(lambda picture: np.zeros((0, 4)), lambda picture, boxes: calls.append(1))
    assert skeletons(short, models, RtmSettings(), 4) == [[]] * N
    assert calls == []


def test_doubtful_and_double_skeletons_are_left_out(short, truth):
    sure = halpe(truth[0].keypoints[0])
    faint = sure * [1, 1, 0.2] + np.array([300, 0, 0])
    three = np.stack([sure, sure + np.array([3, 0, 0]), faint])
    boxes = np.array([truth[0].boxes[0]] * 3)
    models = RtmModels(lambda picture: boxes, lambda picture, boxes: three[: len(boxes)])
    assert [len(people) for people in skeletons(short, models, RtmSettings(), 4)] == [1] * N


def test_without_rtmlib_blazepose_is_used_and_said_so(short, monkeypatch):
    monkeypatch.setitem(sys.modules, "rtmlib", None)
    with collecting() as notices:
        tracks = tracks_from(short, KeypointSettings(model="blazepose:full"), "rtm")
    assert len(tracks) == 2
    assert "RTMPose could not be used: rtmlib is not installed" in notices[0]
    assert "BlazePose was used instead" in notices[0]


def test_offline_blazepose_is_used_and_said_so(short, library, tmp_path, monkeypatch):
    monkeypatch.setenv("UNDERSTUDY_HOME", str(tmp_path))
    gone = RemoteFile("gone.onnx", ("http://127.0.0.1:9/gone.zip",), "0" * 64, 10)
    monkeypatch.setattr("core.keypoints.rtm.RtmSettings", lambda: RtmSettings(None, None, remote_detector=gone))
    with collecting() as notices:
        tracks = tracks_from(short, KeypointSettings(model="blazepose:full"), "rtm")
    assert len(tracks) == 2
    assert "gone.onnx could not be downloaded" in notices[0]


def test_a_persons_own_files_must_be_right(library, own_files, tmp_path, monkeypatch):
    monkeypatch.setenv("UNDERSTUDY_RTM_DETECTOR", str(tmp_path / "nowhere.onnx"))
    with pytest.raises(BadInputError, match="UNDERSTUDY_RTM_DETECTOR should name an ONNX file"):
        load_models(RtmSettings())
    (tmp_path / "text.onnx").write_text("no network")
    with pytest.raises(BadInputError, match="ONNX network for YOLOX"):
        load_models(RtmSettings(tmp_path / "text.onnx", own_files.pose))


def test_skeletons_of_hands_are_refused(short, library, own_files):
    library.read = lambda picture, bboxes: (np.zeros((len(bboxes), 21, 2)), np.ones((len(bboxes), 21)))
    with pytest.raises(BadInputError, match="17, 26 or 133 points"):
        rtm_tracks(short, KeypointSettings(), rtm=own_files)


def test_what_is_downloaded_is_named_with_its_checksum():
    for file in (DETECTOR, POSE):
        assert len(file.sha256) == 64
        assert file.bytes > 50_000_000
        assert all(url.startswith("https://") and url.endswith(".zip") for url in file.urls)
