"""`make bench-matching` runs what lies in the folder, and says what to put there when nothing does."""

import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.benchmarks.matching.__main__ import app
from tests.benchmarks.matching.folder import Choice
from tests.benchmarks.matching.small_problems import lay_out


def run(*words: str | Path) -> Result:
    """The command with these words."""
    return CliRunner().invoke(app, [str(word) for word in words])


def test_a_folder_that_is_not_there_is_answered_with_what_belongs_in_it(tmp_path: Path) -> None:
    result = run(tmp_path / "nowhere")

    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith(f"There is no folder {tmp_path / 'nowhere'}.\nExpected in the folder")
    assert "VROOM-Project/vroom-scripts" in result.stderr
    assert "grubhub/mdrplib" in result.stderr
    assert "://" not in result.stderr


def test_without_a_folder_the_command_says_how_to_name_one() -> None:
    result = run("")

    assert result.exit_code == 2
    assert result.stderr.startswith("Say where the public sets lie: make bench-matching DATA=/path/to/folder\nExpected")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ((), "Nothing of li_lim_100, li_lim_200, mdrp lies in "),
        (("--sets", "mdrp", "--only", "0r,1o"), "Nothing of mdrp by the names 0r, 1o lies in "),
        (("--sets", "solomon"), "There is no set solomon; there are li_lim_100, li_lim_200, mdrp."),
    ],
)
def test_an_empty_folder_or_a_wrong_name_is_refused(tmp_path: Path, words: tuple[str, ...], sentence: str) -> None:
    result = run(tmp_path, *words)

    assert result.exit_code == 2
    assert result.stderr.startswith(sentence)


def test_an_instance_without_a_best_known_plan_is_refused(tmp_path: Path) -> None:
    folder = lay_out(tmp_path)
    (folder / "lilim" / "bks.csv").unlink()

    result = run(folder)

    assert result.exit_code == 2
    assert result.stderr.startswith("No best known plan of small lies in ")


@pytest.mark.parametrize(
    ("choice", "chosen"),
    [
        (Choice(), ["LC1_1", "LC1_10", "LC1_2", "LR1_1"]),
        (Choice(only=["LC1_1"]), ["LC1_1"]),
        (Choice(only=["LC"]), ["LC1_1", "LC1_10", "LC1_2"]),
        (Choice(only=["LC", "LR1_1"], every=2), ["LC1_1", "LC1_2"]),
        (Choice(only=["0o"]), []),
    ],
)
def test_names_choose_one_instance_and_beginnings_a_group(choice: Choice, chosen: list[str]) -> None:
    assert choice.of(["LC1_1", "LC1_10", "LC1_2", "LR1_1"]) == chosen


@pytest.mark.skipif(sys.platform != "linux", reason="the CPU of other processes is read as Linux tells it")
def test_both_kinds_of_sets_are_run_through_the_door_beside_their_rivals(tmp_path: Path) -> None:
    result = run(lay_out(tmp_path), "--time-limit-s", "0.05", "--json")

    assert result.exit_code == 0, result.output
    assert "li_lim_200: nothing there by these names; left out.\n" in result.stderr
    report = json.loads(result.stdout.splitlines()[-1])
    routes, days = report["route_quality"]["li_lim_100"], report["dispatch_quality"]
    assert routes["doorstep"]["vehicles_over"] == routes["pyvroom, level 5"]["vehicles_over"] == 0
    assert routes["doorstep"]["gap_on_equal_percent"] == 0.0
    assert days["greedy nearest"]["click_to_door_min"] == 18.667
    assert days["doorstep"]["undelivered_percent"] == 0.0
    assert days["doorstep"]["failed"] == days["doorstep"]["refused"] == 0
    assert days["published"] == {}
