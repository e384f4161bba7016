"""The limits of fetching a video from a link."""

import ipaddress
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Network, IPv6Network

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from core.errors import BadInputError

Network = IPv4Network | IPv6Network


@dataclass(frozen=True)
class FetchSettings:
    """What may be fetched."""

    enabled: bool = True
    """Whether links are taken at all (UNDERSTUDY_LINKS)."""
    max_bytes: int = 1_000_000_000
    """The most that is received for one link, all its pages and pieces together (UNDERSTUDY_LINK_MAX_MB)."""
    max_page_bytes: int = 50_000_000
    """The most that is received before the video itself: pages, players, playlists."""
    max_seconds: float = 7200.0
    """The longest video [s], however short the window in it (UNDERSTUDY_LINK_MAX_MINUTES)."""
    time_limit_s: float = 900.0
    """How long fetching may take [s] (UNDERSTUDY_LINK_TIME_LIMIT)."""
    max_height_px: int = 1080
    """Of several resolutions the largest up to this one is taken."""
    socket_timeout_s: float = 20.0
    """How long a server may be silent [s]."""
    allow: tuple[Network, ...] = ()
    """Networks that may be reached although they are not public: an intranet's, or a test's (UNDERSTUDY_LINK_ALLOW)."""


class _Environment(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="UNDERSTUDY_", env_file=".env", extra="ignore", frozen=True)

    links: bool = True
    link_max_mb: int = Field(default=1000, gt=0, le=100_000)
    link_max_minutes: float = Field(default=120.0, gt=0)
    link_time_limit: float = Field(default=900.0, gt=0, le=86_400)
    link_allow: str = ""

    @field_validator("link_allow")
    @classmethod
    def _readable(cls, text: str) -> str:
        networks(text)
        return text


def fetch_settings() -> FetchSettings:
    """The settings from the environment or from a file .env; `BadInputError` names one that cannot be understood."""
    try:
        chosen = _Environment()
    except ValueError as error:
        raise BadInputError(f"A setting of links in the environment cannot be understood: {error}") from error
    return FetchSettings(
        enabled=chosen.links,
        max_bytes=chosen.link_max_mb * 1_000_000,
        max_seconds=60 * chosen.link_max_minutes,
        time_limit_s=chosen.link_time_limit,
        allow=networks(chosen.link_allow),
    )


@cache
def networks(text: str) -> tuple[Network, ...]:
    """ "10.1.0.0/16, fd00::/8, 192.168.1.7" as networks; `ValueError` for what is none."""
    return tuple(ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip())
