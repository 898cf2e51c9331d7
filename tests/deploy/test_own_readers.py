"""What reads our files in production reads them here: Prometheus its rules, nginx the proxy's settings."""

import asyncio
import re
import shutil
from pathlib import Path

import pytest

from tests.deploy.test_settings_told import DEPLOY

MISSING = "{} is not installed (Debian: the package {})"


def installed(program: str, package: str) -> str:
    path = shutil.which(program)
    if path is None:
        pytest.skip(MISSING.format(program, package))
    return path


async def answer_of(*command: str | Path) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await process.communicate()
    return process.returncode, said.decode()


async def test_prometheus_reads_the_rules_and_where_to_look() -> None:
    promtool = installed("promtool", "prometheus")

    rules = await answer_of(promtool, "check", "rules", DEPLOY / "watching" / "alerts.yaml")
    config = await answer_of(promtool, "check", "config", "--syntax-only", DEPLOY / "watching" / "prometheus.yaml")

    assert (rules[0], config[0]) == (0, 0), rules[1] + config[1]


async def test_the_proxy_reads_its_settings(tmp_path: Path) -> None:
    nginx = installed("nginx", "nginx")
    settings = (DEPLOY / "proxy.conf").read_text()
    # The names of the containers are known among the containers alone.
    settings = re.sub(r"server api-\d:8000", "server 127.0.0.1:8000", settings)
    for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"):
        settings = settings.replace("http {", f"http {{\n    {kind}_temp_path {tmp_path}/{kind};", 1)
    settings = settings.replace("http {", f"http {{\n    access_log {tmp_path}/access.log;", 1)
    (tmp_path / "proxy.conf").write_text(f"pid {tmp_path}/pid;\n{settings}")

    code, said = await answer_of(nginx, "-t", "-e", tmp_path / "error.log", "-c", tmp_path / "proxy.conf")

    assert code == 0, said
