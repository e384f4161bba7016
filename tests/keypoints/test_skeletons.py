from core.keypoints.skeletons import BLAZEPOSE_EDGES, BLAZEPOSE_NAMES, LIMBS, SYMMETRIC_PAIRS


def test_names_are_33_and_distinct():
    assert len(BLAZEPOSE_NAMES) == len(set(BLAZEPOSE_NAMES)) == 33


def test_pairs_swap_left_and_right_of_everything_but_the_nose():
    assert sorted(i for pair in SYMMETRIC_PAIRS for i in pair) == list(range(1, 33))
    for left, right in SYMMETRIC_PAIRS:
        assert BLAZEPOSE_NAMES[left].replace("left", "right") == BLAZEPOSE_NAMES[right]


def test_edges_are_symmetric_and_reach_every_point():
    mirror = {a: b for pair in SYMMETRIC_PAIRS for a, b in (pair, pair[::-1])}
    edges = {frozenset(edge) for edge in BLAZEPOSE_EDGES}
    assert {frozenset(mirror.get(i, i) for i in edge) for edge in edges} == edges
    assert {i for edge in edges for i in edge} == set(range(33))
    assert {frozenset(edge) for edge in LIMBS} <= edges
