import threading

import pytest

from core.keypoints.prefetch import ahead


def test_the_items_come_in_order():
    assert list(ahead(range(50))) == list(range(50))


def test_an_error_of_the_source_comes_out_in_its_place():
    def broken():
        yield 1
        raise RuntimeError("cut short")

    found = ahead(broken())
    assert next(found) == 1
    with pytest.raises(RuntimeError, match="cut short"):
        next(found)


def test_no_more_than_asked_is_held_and_stopping_ends_the_thread():
    made = []

    def source():
        for i in range(1000):
            made.append(i)
            yield i

    found = ahead(source(), count=2)
    next(found)
    found.close()
    assert len(made) <= 5
    assert not [thread for thread in threading.enumerate() if thread.name == "decode-ahead"]
