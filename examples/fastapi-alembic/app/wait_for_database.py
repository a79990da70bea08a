"""Waits until Postgres answers: `python3 -m app.wait_for_database`, by DATABASE_URL, MAX_RETRIES and RETRY_INTERVAL."""

import os
import re
import sys
import time

import psycopg2

from .settings import InvalidSettings, read_number, require

# What libpq says, and the same in words of our own: its text quotes parts of the URL, and of a password with an "@" or "/" in
# it that is not percent-encoded. The first that matches counts.
PASSING = (
    ("starting up|not yet accepting connections|recovery mode", "the server is starting"),
    ("shutting down|terminating connection", "the server is shutting down"),
    ("SSL SYSCALL|closed the connection unexpectedly", "the connection was cut"),
    ("too many (clients|connections)|connection slots", "the server has no connection to spare"),
)
REFUSALS = (
    ("password authentication failed|no password supplied", "password authentication failed"),
    ("database .* does not exist", "the database does not exist"),
    ("pg_hba.conf", "the server lets nobody in from here, or not without SSL"),
    ("certificate", "the server's certificate is not trusted"),
    ("SSL|sslmode|encryption", "the server and sslmode do not agree on SSL"),
    ("FATAL:", "the server refused the connection"),
    ("invalid |connection option", "DATABASE_URL is no connection string that Postgres understands"),
)
OUT_OF_REACH = (
    ("refused", "connection refused"),
    ("timeout expired|timed out", "no answer"),
    ("translate host name|Name or service", "the name of its host is not known"),
    ("", "no connection"),
)


class DatabaseUnreachable(Exception):
    """No server answered, in all the attempts."""


class DatabaseRefused(Exception):
    """A server answered, and does not let the app in."""


def wait_for_database(url: str, attempts: int, interval: float) -> None:
    """`interval` is in seconds."""
    for attempt in range(1, attempts + 1):
        failure = try_once(url)
        if failure is None:
            return
        print(f"Postgres is out of reach (attempt {attempt} of {attempts}): {failure}", file=sys.stderr)
        if attempt < attempts:
            time.sleep(interval)
    raise DatabaseUnreachable(f"Postgres was out of reach in {attempts} attempts {interval:g} s apart")


def try_once(url: str) -> "str | None":
    """Why it is out of reach, if it is."""
    try:
        psycopg2.connect(url, connect_timeout=5).close()
        return None
    except psycopg2.Error as error:
        said = str(error)
    passing = in_own_words(said, PASSING)
    refusal = None if passing else in_own_words(said, REFUSALS)
    if refusal:
        raise DatabaseRefused(f"Postgres does not let the app in: {refusal}")
    return passing or in_own_words(said, OUT_OF_REACH)


def in_own_words(said: str, known: "tuple[tuple[str, str], ...]") -> "str | None":
    return next((words for pattern, words in known if re.search(pattern, said)), None)


def main() -> int:
    try:
        url = require(os.environ, "DATABASE_URL", "there is nothing to wait for")
        attempts = max(1, read_number(os.environ, "MAX_RETRIES", 6, 1000))
        wait_for_database(url, attempts, read_number(os.environ, "RETRY_INTERVAL", 3, 3600))
        return 0
    except (InvalidSettings, DatabaseUnreachable, DatabaseRefused) as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
