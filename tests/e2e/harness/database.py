# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL database for each story, by way of psql."""
import glob
import os
import subprocess
import urllib.parse

TABLES = """
CREATE TABLE runs (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, pod text NOT NULL,
    alone boolean NOT NULL, started timestamptz NOT NULL DEFAULT clock_timestamp(), ended timestamptz, how text);
CREATE TABLE gates (name text PRIMARY KEY);
"""


# Debian's psql is a script that finds this one, and takes ten times as long.
PSQL = max(glob.glob("/usr/lib/postgresql/*/bin/psql"), default="psql")


def admin_url():
    url = os.environ.get("DATABASE_URL_UNDER_TEST")
    if not url and os.environ.get("INTERLUDE_PG_DSN"):
        # golang-migrate insists on TLS unless it is told otherwise; the local PostgreSQL has none.
        url = os.environ["INTERLUDE_PG_DSN"] + "?sslmode=disable"
    if not url:
        raise RuntimeError("neither INTERLUDE_PG_DSN (tests/cluster/up writes it) nor DATABASE_URL_UNDER_TEST is set")
    return url


def psql(url, *commands):
    """The rows of the last command, each a list of texts."""
    arguments = [PSQL, url, "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--field-separator=\t",
                 "--set=ON_ERROR_STOP=1"]
    for command in commands:
        arguments += ["-c", command]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"psql: {done.stderr.strip()}")
    return [line.split("\t") for line in done.stdout.splitlines()]


class Database:
    """A database with the tables that the probe image writes to."""

    def __init__(self, name):
        self.name = name
        self.url = urllib.parse.urlsplit(admin_url())._replace(path="/" + name).geturl()
        psql(admin_url(), f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)', f'CREATE DATABASE "{name}"')
        psql(self.url, TABLES)

    def query(self, command):
        return psql(self.url, command)

    def one(self, command):
        return self.query(command)[0][0]

    def open_gate(self, name):
        """Lets the probe go on that waits for this gate."""
        psql(self.url, f"INSERT INTO gates VALUES ('{name}')")

    def runs(self):
        """Every execution of a probe: name, pod, alone, how it ended."""
        return self.query("SELECT name, pod, alone, coalesce(how, 'running') FROM runs ORDER BY id")

    def drop(self):
        psql(admin_url(), f'DROP DATABASE IF EXISTS "{self.name}" WITH (FORCE)')
