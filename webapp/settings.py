"""The settings of a site, from the environment (UNDERSTUDY_HOME, UNDERSTUDY_PORT, ...) or from a file .env."""

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from core.errors import BadInputError
from core.jobs.fairness import QueueLimits
from core.jobs.home import Home
from core.jobs.queues import read_queues


class Settings(BaseSettings):
    """All that a site can be told; every field is an environment variable with the prefix UNDERSTUDY_."""

    model_config = SettingsConfigDict(env_prefix="UNDERSTUDY_", env_file=".env", extra="ignore", frozen=True)

    home: Path = Field(default=Path("~/.understudy"), description="Folder for the database and the runs.")
    host: str = Field(default="127.0.0.1", description="Address that the site listens on.")
    port: int = Field(default=7860, ge=0, le=65535, description="Port that the site listens on.")
    database_url: str | None = Field(
        default=None,
        description="Database: postgresql+psycopg://... or sqlite:///...; a SQLite file in the home if empty.",
    )
    artifacts: str | None = Field(
        default=None,
        description="Store of the runs' files (s3://bucket/folder, file:///folder) for machines without a shared home.",
    )
    cache_gb: float = Field(
        default=0.0, ge=0, description="Most that the home keeps of runs that are in that store; 0: no limit."
    )
    max_upload_mb: int = Field(default=500, gt=0, description="Largest file that may be uploaded, in megabytes.")
    max_seconds: float = Field(
        default=120.0, gt=0, description="Longest window of a video that is taken at once, in seconds."
    )
    max_training_minutes: float = Field(
        default=480.0, gt=0, description="Longest training of a policy, all its resumptions together, in minutes."
    )
    worker_name: str = Field(
        default="site",
        pattern=r"^[A-Za-z0-9_-]{1,40}$",
        description="Name of the site's worker, the same at every start.",
    )
    queues: str = Field(
        default="",
        description="Queues that the worker serves: cpu, gpu, train, or none; what the machine can if empty.",
    )
    queue_limits: str = Field(
        default="", description="Most of a queue at once, by all workers together: cpu=8, gpu=1, train=2."
    )
    device: Literal["cpu", "gpu"] = Field(
        default="cpu", description="Where the networks of the site's runs are computed, unless a run says otherwise."
    )
    password: SecretStr | None = Field(
        default=None, description="Password of the site; needed to listen on an address that others can reach."
    )
    user_header: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9-]{1,80}$",
        description="Header in which a reverse proxy names the user, instead of a password.",
    )
    trusted_proxies: str = Field(
        default="", description="Addresses or networks of the proxies that may set that header, with commas between."
    )
    allowed_hosts: str = Field(default="", description="Names by which the site may be asked for, with commas between.")
    runs_per_user: int = Field(default=50, gt=0, description="Most runs of one user that wait or run at once.")
    runs_in_total: int = Field(default=500, gt=0, description="Most runs of all users that wait or run at once.")
    starts_per_minute: int = Field(default=60, gt=0, description="Most runs that one user starts in a minute.")
    keep_days: float = Field(
        default=0.0, ge=0, description="Finished runs are deleted after so many days; 0 keeps them for ever."
    )
    log_format: Literal["text", "json"] = Field(default="text", description="How the log is written.")
    pipeline: str = Field(default="core.pipeline", description="Module of the stages; another one is for tests.")

    @field_validator("home")
    @classmethod
    def _expand(cls, home: Path) -> Path:
        return home.expanduser().absolute()

    @property
    def places(self) -> Home:
        """What lies where in the home, for those who make it."""
        return self._home(follows=False)

    @property
    def looking_places(self) -> Home:
        """The same for those who look at what others make."""
        return self._home(follows=True)

    def _home(self, follows: bool) -> Home:
        if not self.artifacts:
            return Home(self.home)
        from core.jobs.mirrored_home import MirroredHome  # with fsspec

        return MirroredHome.at(self.home, self.artifacts, follows, self.cache_gb * 1e9 or float("inf"))

    @property
    def database(self) -> str:
        """The database's address, chosen or default."""
        return self.database_url or self.places.database_url

    @property
    def served_queues(self) -> tuple[str, ...]:
        """The queues that this machine's worker serves; empty where the site has none of its own."""
        return read_queues(self.queues)

    @property
    def intake(self) -> QueueLimits:
        """How much is taken in."""
        return QueueLimits(self.runs_per_user, self.runs_in_total, self.starts_per_minute)

    @property
    def max_upload_bytes(self) -> int:
        """The largest upload in bytes."""
        return self.max_upload_mb * 1_000_000


def read_settings(**given: Any) -> Settings:
    """The settings, or `BadInputError` with one sentence for each that makes no sense; values are not repeated."""
    try:
        return Settings(**given)
    except ValidationError as error:
        parts = (f"UNDERSTUDY_{str(each['loc'][0]).upper()}: {each['msg']}" for each in error.errors())
        raise BadInputError(f"The settings cannot be used. {'; '.join(parts)}.") from None
