"""Names of what is taken away."""

import pytest

from webapp.downloads import attachment


@pytest.mark.parametrize(
    ("title", "plain", "exact"),
    [
        ("Dr. Strangelove", "Dr. Strangelove.zip", ""),
        ("My video v1.2 final", "My video v1.2 final.zip", ""),
        ("Café / côté", "Cafe cote.zip", "Caf%C3%A9%20%20%20c%C3%B4t%C3%A9.zip"),
        ("踊り", "download.zip", "%E8%B8%8A%E3%82%8A.zip"),
        ("../../etc/passwd", "etc passwd.zip", None),
        ('a"; filename="b\r\nx: y', "a_ filename_b  x_ y.zip", None),
        ("", "download.zip", ""),
        ("x" * 500, "x" * 80 + ".zip", ""),
    ],
)
def test_a_title_of_any_kind_makes_a_name(title, plain, exact):
    (header,) = attachment(title, ".zip").values()
    assert header.isascii()
    assert header.isprintable()
    assert header.count('"') == 2
    first, _, second = header.removeprefix('attachment; filename="').partition('"')
    assert first.split() == plain.split()
    assert "/" not in second
    assert exact is None or second == (f"; filename*=UTF-8''{exact}" if exact else "")
