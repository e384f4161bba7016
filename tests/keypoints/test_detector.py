import numpy as np

from core.keypoints.detector import SIZE, Detector, anchors, box_overlap, decode, merge, views


def test_anchors_are_the_networks_2254():
    found = anchors()
    assert found.shape == (2254, 2)
    np.testing.assert_allclose(found[0], found[1])  # two to a cell
    np.testing.assert_allclose(found[[0, 1568, 1568 + 392]], [[0.5 / 28] * 2, [0.5 / 14] * 2, [0.5 / 7] * 2])
    np.testing.assert_allclose(found[2] - found[0], [1 / 28, 0])  # along the row first


def test_decoding_places_values_relative_to_their_anchor():
    boxes, logits = np.zeros((2254, 12), np.float32), np.full((2254, 1), -50, np.float32)
    chosen = 1000
    logits[chosen] = 3
    boxes[chosen] = [4, -2, 40, 20, *range(8)]
    scores, values = decode(boxes, logits, 0.5)
    centre = anchors()[chosen] * SIZE
    np.testing.assert_allclose(scores, 1 / (1 + np.exp(-3.0)))
    np.testing.assert_allclose(values[0, :4], np.tile(centre, 2) + np.array([4 - 20, -2 - 10, 4 + 20, -2 + 10]))
    np.testing.assert_allclose(values[0, 4:], (centre + np.arange(8).reshape(4, 2)).ravel())


def test_merging_averages_overlapping_hits_by_score():
    one, other, far = np.zeros(12), np.zeros(12), np.zeros(12)
    one[:4], other[:4], far[:4] = (0, 0, 10, 10), (2, 0, 12, 10), (50, 50, 60, 60)
    scores, values = merge(np.array([0.6, 0.9, 0.7]), np.stack([one, other, far]))
    assert scores.tolist() == [0.9, 0.7]
    np.testing.assert_allclose(values[0, 0], (0.6 * 0 + 0.9 * 2) / 1.5)
    np.testing.assert_allclose(values[1], far)


def test_merging_nothing_is_nothing():
    scores, values = merge(np.zeros(0), np.zeros((0, 12)))
    assert (scores.shape, values.shape) == ((0,), (0, 12))


def test_overlap_of_boxes():
    a = np.array([0.0, 0, 4, 4])
    assert box_overlap(a, a) == 1
    assert box_overlap(a, np.array([2.0, 0, 6, 4])) == 8 / 24
    assert box_overlap(a, np.array([4.0, 0, 6, 4])) == 0


def test_the_tiles_cover_the_picture_and_overlap_by_half():
    for width, height in ((1768, 994), (994, 1768), (500, 500), (300, 40)):
        boxes = np.array([region.box for region in views(width, height)[1:]])
        x, y = np.meshgrid(np.linspace(0, width, 40), np.linspace(0, height, 40))
        inside = [(x >= a) & (x <= c) & (y >= b) & (y <= d) for a, b, c, d in boxes]
        assert np.any(inside, axis=0).all()
        starts = np.unique(boxes[:, 0])
        assert (np.diff(starts) <= max(width, height) / 4 + 1e-6).all()


def test_both_people_of_the_sample_are_found_in_its_first_frame(walker_frames):
    hits = Detector(0.5, 2).look(walker_frames[0])
    hips = np.array([hit.points[0] for hit in hits])
    for person in ((626, 250), (1308, 735)):
        assert np.linalg.norm(hips - person, axis=1).min() < 40


def test_nobody_is_found_in_noise():
    noise = np.random.default_rng(0).integers(0, 255, (300, 400, 3)).astype(np.uint8)
    assert Detector(0.5, 2).look(noise) == []
