"""The settings of a site, from the environment (UNDERSTUDY_HOME, UNDERSTUDY_PORT, ...) or from a file .env."""

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from core.errors import BadInputError
from core.jobs.fairness import QueueLimits
from core.jobs.home import Home


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
        """What lies where in the home."""
        return Home(self.home)

    @property
    def database(self) -> str:
        """The database's address, chosen or default."""
        return self.database_url or self.places.database_url

    @property
    def queue_limits(self) -> QueueLimits:
        """How much may be in the queue."""
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
