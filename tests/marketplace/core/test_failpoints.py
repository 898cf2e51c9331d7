"""Failpoints end a process where a crash test wants it, and nowhere near production."""

import ast
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import marketplace
from marketplace.core.failpoints import NAMES, check_failpoint, pass_failpoint

PROJECT = Path(marketplace.__file__).parents[1]
PASSAGES = """
from marketplace.core.failpoints import pass_failpoint
for number in range(1, 4):
    pass_failpoint("before_claim")
    pass_failpoint("after_claim")
    print(number, flush=True)
"""


@pytest.mark.parametrize("wanted", [None, "", "before_claim", "after_claim:7"])
def test_a_failpoint_that_exists_is_taken_in_development(monkeypatch: pytest.MonkeyPatch, wanted: str | None) -> None:
    set_failpoint(monkeypatch, wanted)

    check_failpoint(is_production=False)


@pytest.mark.parametrize(
    "wanted", ["nowhere", ":1", "before_claim:", "before_claim:x", "before_claim:0", "after_claim:²"]
)
def test_one_that_could_never_fire_is_refused_with_the_names(monkeypatch: pytest.MonkeyPatch, wanted: str) -> None:
    set_failpoint(monkeypatch, wanted)

    with pytest.raises(RuntimeError, match="name or name:n") as refused:
        check_failpoint(is_production=False)

    assert all(name in str(refused.value) for name in NAMES)


def test_production_refuses_every_failpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    set_failpoint(monkeypatch, "before_claim")

    with pytest.raises(RuntimeError, match="refused in production mode"):
        check_failpoint(is_production=True)

    set_failpoint(monkeypatch, None)
    check_failpoint(is_production=True)


def test_other_passages_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    set_failpoint(monkeypatch, "before_claim")

    pass_failpoint("after_claim")


@pytest.mark.parametrize(("wanted", "passed"), [("before_claim", 0), ("after_claim:2", 1), ("before_claim:9", 3)])
def test_the_process_ends_at_the_nth_passage_as_if_it_were_killed(wanted: str, passed: int) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", PASSAGES],
        env=os.environ | {"DOORSTEP_FAILPOINT": wanted, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.stdout.split() == [str(number) for number in range(1, passed + 1)]
    assert ended.returncode == (0 if passed == 3 else -signal.SIGKILL)


def test_every_failpoint_is_passed_somewhere_and_no_other() -> None:
    passed = set()
    for folder in ("marketplace", "schema", "workers"):
        for path in (PROJECT / folder).rglob("*.py"):
            source = path.read_text(encoding="utf-8")
            if "failpoint" in source:
                passed |= {name for node in ast.walk(ast.parse(source)) for name in names_passed(node)}

    assert passed == NAMES


def names_passed(node: ast.AST) -> set[str]:
    """The names in `pass_failpoint("…")`, and in `failpoint="…"`, by which mutations hand them on."""
    if not isinstance(node, ast.Call):
        return set()
    given = [keyword.value for keyword in node.keywords if keyword.arg == "failpoint"]
    if isinstance(node.func, ast.Name) and node.func.id == "pass_failpoint":
        given += node.args
    return {value.value for value in given if isinstance(value, ast.Constant) and isinstance(value.value, str)}


def set_failpoint(monkeypatch: pytest.MonkeyPatch, wanted: str | None) -> None:
    if wanted is None:
        monkeypatch.delenv("DOORSTEP_FAILPOINT", raising=False)
    else:
        monkeypatch.setenv("DOORSTEP_FAILPOINT", wanted)
