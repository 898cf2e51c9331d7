"""A process that owns an embedded server until its standard input ends, or until a test kills it."""

import argparse
import asyncio
import json
import os
import sys
from pathlib import Path

from marketplace.adapters.embedded import EmbeddedPostgres, EmbeddedValkey

SERVERS = {"postgres": EmbeddedPostgres, "valkey": EmbeddedValkey}


def main() -> None:
    """Starts the server, says so in one line of JSON, waits, stops it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=SERVERS)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--throwaway", action="store_true")
    parser.add_argument("--uid", type=int)
    arguments = parser.parse_args()
    if arguments.uid is not None:
        become(arguments.uid, home=arguments.folder)
    asyncio.run(own(arguments.kind, arguments.folder, is_throwaway=arguments.throwaway))


def become(uid: int, *, home: Path) -> None:
    """Turns root into an ordinary user for good, who may not be able to read this interpreter's files."""
    asyncio.run(asyncio.to_thread(str))  # loads what asyncio loads late
    os.environ["HOME"] = str(home)
    os.setgroups([])
    os.setgid(uid)
    os.setuid(uid)


async def own(kind: str, folder: Path, *, is_throwaway: bool) -> None:
    """Keeps one server for as long as somebody holds the other end of standard input."""
    server = SERVERS[kind](folder, is_throwaway=is_throwaway)
    url = await server.start()
    report = {"url": url, "was_adopted": server.was_adopted, "data_folder": str(server.data_folder)}
    print(json.dumps(report), flush=True)  # noqa: T201 - the test reads it
    await asyncio.to_thread(sys.stdin.read)
    await server.stop()


if __name__ == "__main__":
    main()
