"""What yt-dlp says becomes a plain sentence with a way out; YouTube's reasons go through its real extractor."""

import pytest
from yt_dlp import YoutubeDL
from yt_dlp.extractor.youtube import YoutubeIE
from yt_dlp.utils import DownloadError, ExtractorError, GeoRestrictedError, UnsupportedError, UserNotLive

from core.video.fetch_errors import TROUBLES, UNKNOWN, plain_sentence

# (kind, playabilityStatus) as YouTube's player answers; the texts of `reason` are YouTube's own.
YOUTUBE = [
    ("bot_check", {"status": "LOGIN_REQUIRED", "reason": "Sign in to confirm you’re not a bot"}),
    ("bot_check", {"status": "UNPLAYABLE", "reason": "Wait", "errorScreen": {"playerCaptchaViewModel": {"a": 1}}}),
    ("bot_check", {"status": "ERROR", "reason": "This content isn't available, try again later"}),
    (
        "age_restricted",
        {
            "status": "LOGIN_REQUIRED",
            "reason": "Sign in to confirm your age. This video may be inappropriate for some users.",
        },
    ),
    (
        "private",
        {
            "status": "LOGIN_REQUIRED",
            "reason": "Private video",
            "errorScreen": {
                "playerErrorMessageRenderer": {
                    "subreason": {"simpleText": "Sign in if you've been granted access to this video"}
                }
            },
        },
    ),
    ("private", {"status": "UNPLAYABLE", "reason": "Join this channel to get access to members-only content."}),
    ("private", {"status": "UNPLAYABLE", "reason": "This video requires payment to watch."}),
    ("removed", {"status": "ERROR", "reason": "Video unavailable"}),
    ("removed", {"status": "ERROR", "reason": "This video has been removed by the uploader"}),
    (
        "removed",
        {
            "status": "ERROR",
            "reason": "This video is no longer available because the YouTube account associated with this video has "
            "been terminated.",
        },
    ),
    (
        "removed",
        {
            "status": "ERROR",
            "reason": "This video has been removed for violating YouTube's policy on hate speech.",
        },
    ),
    (
        "geo_blocked",
        {
            "status": "UNPLAYABLE",
            "reason": "Video unavailable",
            "errorScreen": {
                "playerErrorMessageRenderer": {
                    "reason": {"simpleText": "Video unavailable"},
                    "subreason": {"simpleText": "The uploader has not made this video available in your country"},
                }
            },
        },
    ),
    (
        "geo_blocked",
        {
            "status": "UNPLAYABLE",
            "reason": "Video unavailable. This video contains content from A, who has blocked it in your country on "
            "copyright grounds",
        },
    ),
    ("live", {"status": "LIVE_STREAM_OFFLINE", "reason": "This live event will begin in 3 hours."}),
    ("live", {"status": "LIVE_STREAM_OFFLINE", "reason": "Premieres in 20 minutes"}),
]


class Silent:
    def debug(self, text: str) -> None: ...

    info = warning = error = debug


def message_of(status: dict, monkeypatch) -> str:
    """What yt-dlp's own extractor makes of a player's answer, with no network beneath it."""
    answer = {"playabilityStatus": status, "videoDetails": {"videoId": "BaW_jenozKc", "title": "t"}}
    monkeypatch.setattr(
        YoutubeIE, "_initial_extract", lambda self, *_, **__: (None, {}, {}, False, [answer], None), raising=True
    )
    monkeypatch.setattr(YoutubeIE, "_list_formats", lambda self, *_, **__: ({}, None, [], {}), raising=True)
    quiet = {"quiet": True, "logger": Silent(), "cachedir": False, "js_runtimes": {}}
    with YoutubeDL(quiet) as ydl, pytest.raises(DownloadError) as error:
        ydl.extract_info("https://www.youtube.com/watch?v=BaW_jenozKc", download=False, process=False)
    return str(error.value)


@pytest.mark.parametrize(("kind", "status"), YOUTUBE, ids=lambda value: value if isinstance(value, str) else "")
def test_youtubes_reasons_are_told_apart(kind, status, monkeypatch):
    message = message_of(status, monkeypatch)
    told, sentence = plain_sentence(message)
    assert told == kind, message
    assert "pload" in sentence


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("geo_blocked", GeoRestrictedError("This video is not available from your location due to geo restriction")),
        ("no_video", UnsupportedError("https://example.org/private-video?sign%20in")),
        ("live", UserNotLive()),
        ("private", ExtractorError("This video is only available for registered users. Use --cookies", expected=True)),
        ("drm", ExtractorError("This video is DRM protected", expected=True)),
        ("no_video", ExtractorError("No video formats found!; please report this issue on  https://github.com/x")),
        ("no_video", ExtractorError("Requested format is not available. Use --list-formats for a list")),
        ("removed", ExtractorError("Unable to download webpage: HTTP Error 404: Not Found")),
        ("refused", ExtractorError("Unable to download webpage: HTTP Error 403: Forbidden")),
        ("bot_check", ExtractorError("Unable to download webpage: HTTP Error 429: Too Many Requests")),
        ("bot_check", ExtractorError("Got HTTP Error 403 caused by Cloudflare anti-bot challenge; try again")),
        ("server_error", ExtractorError("Unable to download webpage: HTTP Error 502: Bad Gateway")),
        ("not_resolved", ExtractorError("<urlopen error [Errno -2] Name or service not known>")),
        ("not_resolved", ExtractorError("[Errno -3] Temporary failure in name resolution")),
        ("no_network", ExtractorError("[Errno 101] Network is unreachable")),
        ("no_network", ExtractorError("[Errno 111] Connection refused")),
        ("no_network", ExtractorError("The read operation timed out")),
        ("certificate", ExtractorError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed")),
        ("private_address", ExtractorError("[download] Got error: 10.0.0.1 is not a public address.. Giving up")),
        ("unknown", ExtractorError("something new")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_other_messages_are_told_apart(kind, error):
    assert plain_sentence(f"ERROR: {error}")[0] == kind


def test_every_sentence_has_a_way_out_and_no_word_of_the_tools():
    for sentence in [UNKNOWN, *(trouble.sentence for trouble in TROUBLES)]:
        assert "pload" in sentence
        assert sentence.endswith(".")
        assert not any(word in sentence.lower() for word in ("yt-dlp", "http error", "cookies", "--"))
