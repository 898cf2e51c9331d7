"""pg_dump and pg_restore: found on the path or with the embedded server, and run with secrets out of sight.

The password goes by the environment, since every user of a machine can read what a process was started with.
"""

import asyncio
import os
import re
import shutil
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from marketplace.adapters.embedded.binaries import find_postgres
from marketplace.core.errors import CannotStart


async def dump(url: str, file: Path, *, schema: str, snapshot: str, server: int) -> None:
    """Writes a schema as of an exported snapshot to a file."""
    await _run(
        await _find("pg_dump", server), url, "--format=custom", f"--schema={schema}", f"--snapshot={snapshot}",
        "--no-owner", "--no-privileges", f"--file={file}",
    )  # fmt: skip


async def load(url: str, file: Path, *, schema: str, server: int) -> None:
    """Reads what `dump` has written into a database, all of it or nothing."""
    await _run(
        await _find("pg_restore", server), url, f"--schema={schema}", "--no-owner", "--no-privileges",
        "--single-transaction", "--exit-on-error", str(file),
    )  # fmt: skip


async def _find(tool: str, server: int) -> str:
    """A tool that is not older than the server: an older one refuses to read it."""
    embedded = (await asyncio.to_thread(find_postgres)).folder
    for path in filter(None, (shutil.which(tool), shutil.which(tool, path=embedded))):
        process = await asyncio.create_subprocess_exec(path, "--version", stdout=asyncio.subprocess.PIPE)
        said, _ = await process.communicate()
        version = re.search(rb"\d+", said)
        if version is not None and int(version.group()) >= server:
            return path
    raise CannotStart(f"no {tool} of PostgreSQL {server} or newer on the path; install its client programs")


async def _run(tool: str, url: str, *words: str) -> None:
    place, password = _without_password(url)
    environment = dict(os.environ) | ({"PGPASSWORD": password} if password is not None else {})
    process = await asyncio.create_subprocess_exec(
        *(tool, f"--dbname={place}", *words),
        env=environment,
        stdin=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    if process.returncode:
        raise CannotStart(f"{Path(tool).name} failed: {said.decode(errors='replace').strip()}")


def _without_password(url: str) -> tuple[str, str | None]:
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    password = query.pop("password", None)
    if parts.password is not None:
        password = unquote(parts.password)
        user = parts.netloc.partition(":")[0]
        parts = parts._replace(netloc=f"{user}@{parts.netloc.rpartition('@')[2]}")
    return parts._replace(query=urlencode(query)).geturl(), password
