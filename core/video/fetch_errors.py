"""What yt-dlp says when it cannot fetch a video, and what a person is told.

One table, in order; the first pattern found in the message counts. The patterns are taken from the sources of yt-dlp
and from what YouTube answers there (`tests/video/test_fetch_errors.py` has the exact texts).
"""

import re
from dataclasses import dataclass

UPLOAD = "Download the video yourself and upload the file instead."


@dataclass(frozen=True)
class Trouble:
    """A kind of failure: its name for programs, the pattern that tells it, the sentence for a person."""

    kind: str
    pattern: str
    sentence: str


NO_SUCH_PLACE = (
    "The link leads into a private network or to this server itself, and is not followed. Upload the file instead."
)
TROUBLES = (
    # The guard's own words, where yt-dlp hands on nothing else of its refusal.
    Trouble("private_address", r"is not a public address", NO_SUCH_PLACE),
    Trouble(
        "bot_check",
        r"not a bot|captcha|rate-limited by YouTube|anti-bot challenge|HTTP Error 429|unusual traffic",
        "The site asks this server to prove that it is no robot, which it cannot. "
        f"That happens to servers, seldom at home. {UPLOAD}",
    ),
    Trouble(
        "age_restricted",
        r"confirm your age|age[- ]restrict|age[- ]?gate|inappropriate for some users",
        f"The video is age-restricted, and the site shows it only to people who are signed in. {UPLOAD}",
    ),
    Trouble(
        "geo_blocked",
        r"(?:not (?:made this video )?available|unavailable|blocked it?) (?:in|from) your (?:country|location|region)"
        r"|geo[- ]?restrict|in your country",
        f"The video is not available in the country that this server stands in. {UPLOAD}",
    ),
    Trouble(
        "no_video",
        r"Unsupported URL|No video formats|no media|no video could be found|Requested format is not available"
        r"|Unable to extract|no playable|text/html",
        f"No video was found at this link. Paste the link of the page that plays it, or of the file. {UPLOAD}",
    ),
    Trouble(
        "private",
        r"private video|video is private|is a private|members[- ]only|join this channel|this channel's members"
        r"|only available for registered users|\blogin\b|\blog in\b|\bsign in\b|account required|purchase|\brental\b"
        r"|Music Premium|payment",
        f"The video is private, or only for people who are signed in or who paid. {UPLOAD}",
    ),
    Trouble(
        "removed",
        r"has been removed|no longer available|been deleted|account [\w ]*terminated"
        r"|video (?:is )?(?:unavailable|not available|does not exist|not found)|isn't available|is not available"
        r"|HTTP Error (?:404|410)|copyright claim|violat",
        "There is no video at this link, or it was removed. Check the link; if you have the video, upload the file.",
    ),
    Trouble(
        "live",
        r"live event (?:will begin|has ended)|premieres? in|is not currently live|offline|live stream|is upcoming"
        r"|waiting for|will begin (?:in|shortly|at)",
        "The link leads to a live stream or a premiere, which has no end yet. Wait until it is over, or upload a "
        "recording.",
    ),
    Trouble("drm", r"\bDRM\b", "The video is protected against copying, and cannot be used. Upload another one."),
    Trouble(
        "refused",
        r"HTTP Error (?:401|402|403|407|451)",
        f"The site refuses to hand out this video (it may want a sign-in, or no programs). {UPLOAD}",
    ),
    Trouble(
        "not_resolved",
        r"Name or service not known|nodename nor servname|name resolution|No address associated|getaddrinfo",
        "The site's name is not known: either the link has a mistake, or this server has no connection to the "
        "internet. Check the link, or upload the file.",
    ),
    Trouble(
        "no_network",
        r"Network is unreachable|No route to host|Connection refused|timed? ?out|reset by peer|Remote end closed"
        r"|Connection aborted|EOF occurred|IncompleteRead|bytes read|more expected|Errno 10[0-9]|Errno 11[0-3]",
        "The site could not be reached, or the connection broke off. Try again in a while, or upload the file.",
    ),
    Trouble(
        "certificate",
        r"CERTIFICATE_VERIFY_FAILED|certificate|SSL",
        "The site cannot prove that it is the one it says (its certificate is not valid). Upload the file instead.",
    ),
    Trouble(
        "server_error",
        r"HTTP Error \d+",
        "The site answered with an error. Try again in a while, or upload the file.",
    ),
)
UNKNOWN = f"The video could not be fetched from this link, for a reason that is not known. {UPLOAD}"


def plain_sentence(message: str) -> tuple[str, str]:
    """(kind, sentence) for a message of yt-dlp; ("unknown", ...) where no pattern fits."""
    # Addresses and yt-dlp's advice to its own users say nothing of what went wrong.
    told = re.sub(r"https?://\S+|Use --\S+.*?(?:\. |$)|--[a-z-]+", " ", message)
    for trouble in TROUBLES:
        if re.search(trouble.pattern, told, re.IGNORECASE):
            return trouble.kind, trouble.sentence
    return "unknown", UNKNOWN
