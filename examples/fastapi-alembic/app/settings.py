"""What the environment says, read and checked once. entrypoint.sh has put the database's facts there."""

import os
import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Mapping

DATABASE_MODES = ("postgres_only", "try_postgres", "sqlite_only")


class InvalidSettings(Exception):
    """Names the variable and what it must be; never its value, which may be a secret."""


@dataclass(frozen=True)
class Settings:
    build_version: str
    port: int
    health_path: str
    place: str
    slot: str
    database_mode: str
    database_mode_reason: str
    # repr=False: what prints its settings prints no password.
    database_url: str = field(repr=False)
    alert_webhook_url: str = field(repr=False)
    max_disk_percent: int
    max_memory_percent: int
    # For rehearsals: every health path answers 503.
    never_healthy: bool

    @property
    def on_sqlite(self) -> bool:
        return self.database_mode == "sqlite_only"


@lru_cache
def get_settings() -> Settings:
    return read_settings(os.environ)


def read_settings(environment: Mapping[str, str]) -> Settings:
    mode = require(environment, "FINAL_DB_MODE", "start the app by entrypoint.sh, which finds it out")
    if mode not in DATABASE_MODES:
        raise InvalidSettings(f"FINAL_DB_MODE must be one of {', '.join(DATABASE_MODES)}")
    return Settings(
        build_version=require(environment, "BUILD_VERSION", "build the image with it"),
        port=read_number(environment, "CONTAINER_PORT", 80, 65535),
        health_path=environment.get("HEALTH_PATH") or "/health",
        place=environment.get("APP_PLACE", "laptop"),
        slot=environment.get("EDGEPAAS_SLOT", ""),
        database_mode=mode,
        database_mode_reason=environment.get("FINAL_DB_MODE_REASON", ""),
        database_url=require(environment, "SQLALCHEMY_URL", "start the app by entrypoint.sh, which sets it"),
        alert_webhook_url=environment.get("ALERT_WEBHOOK_URL", ""),
        max_disk_percent=read_number(environment, "MAX_DISK_PERCENT", 95, 100),
        max_memory_percent=read_number(environment, "MAX_MEMORY_PERCENT", 95, 100),
        never_healthy=environment.get("HEALTH") == "never",
    )


def require(environment: Mapping[str, str], name: str, remedy: str) -> str:
    value = environment.get(name, "")
    if not value:
        raise InvalidSettings(f"{name} is not set: {remedy}")
    return value


def read_number(environment: Mapping[str, str], name: str, default: int, most: int) -> int:
    value = environment.get(name) or str(default)
    if not re.fullmatch(r"[0-9]{1,9}", value) or int(value) > most:
        raise InvalidSettings(f"{name} must be a whole number from 0 to {most}")
    return int(value)


def read_flag(environment: Mapping[str, str], name: str) -> bool:
    value = environment.get(name) or "false"
    if value not in ("true", "false"):
        raise InvalidSettings(f"{name} must be true or false")
    return value == "true"
