"""What lies in the user's folder: which public sets are there, and what to say when none is."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.matching.li_lim import BestKnown, read_best_known
from tests.benchmarks.matching.meals import day_names

LI_LIM = ("li_lim_100", "li_lim_200")
MEALS = "mdrp"
SETS = (*LI_LIM, MEALS)
USUAL_DAYS = ("0o50", "0r50")
"""Days that are run when nobody names any: the sixteen whose results are published in full."""

LAYOUT = """\
Expected in the folder, each as far as you have it:
  lilim/li_lim_100/*.txt, lilim/li_lim_200/*.txt
      instances of Li and Lim, from VROOM-Project/vroom-scripts, folder benchmarks/PDPTW
  lilim/bks.csv (instance,class,vehicles,distance) or lilim/BKS.json
      their best known plans, from the same place
  mdrp/<instance>/*.txt, or archives of such folders: mdrp/seed0.tar.xz
      days of meal delivery, from grubhub/mdrplib, folder public_instances
  mdrp_published.csv (instance,rolling_ctd_mean,rolling_rtp_mean,clairvoyant_ctd_mean,clairvoyant_rtp_mean)
      published results, if you want to see them beside; from the papers about these instances"""


class NothingToRun(ValueError):
    """The folder holds nothing that was asked for; the message says what to put there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which of what is there shall be run."""

    sets: Sequence[str] = SETS
    only: Sequence[str] = ()
    """Names or their beginnings; none means all instances, and the usual days."""
    every: int = 1

    def of(self, names: Sequence[str]) -> list[str]:
        """The chosen ones among these names; a whole name is not also the beginning of longer ones."""
        beginnings = tuple(word for word in self.only if word not in names)
        chosen = [name for name in names if not self.only or name in self.only or name.startswith(beginnings)]
        return chosen[:: self.every]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What will be run."""

    instances: dict[str, list[Path]]
    best_known: dict[str, BestKnown]
    days: list[str]
    missing: list[str]
    """Chosen sets of which nothing is there, or nothing by the chosen names."""


def named_folder(name: str) -> Path:
    """The folder that the user named; refuses when none was named."""
    if not name.strip():
        raise NothingToRun(f"Say where the public sets lie: make bench-matching DATA=/path/to/folder\n{LAYOUT}")
    return Path(name).expanduser()


def look_into(folder: Path, choice: Choice) -> Found:
    """Finds the chosen sets; refuses when none is there, for then nobody would see why nothing happens."""
    if unknown := [name for name in choice.sets if name not in SETS]:
        raise NothingToRun(f"There is no set {', '.join(unknown)}; there are {', '.join(SETS)}.")
    if not folder.is_dir():
        raise NothingToRun(f"There is no folder {folder}.\n{LAYOUT}")
    instances = {name: _instances(folder, name, choice) for name in LI_LIM if name in choice.sets}
    days = _days(folder, choice) if MEALS in choice.sets else []
    present = [name for name, files in instances.items() if files] + [MEALS] * bool(days)
    if not present:
        chosen = ", ".join(choice.sets) + (f" by the names {', '.join(choice.only)}" if choice.only else "")
        raise NothingToRun(f"Nothing of {chosen} lies in {folder}.\n{LAYOUT}")
    files = {name: files for name, files in instances.items() if files}
    best_known = _best_known(folder) if files else {}
    unknown = [file.stem for group in files.values() for file in group if file.stem not in best_known]
    if unknown:
        raise NothingToRun(f"No best known plan of {', '.join(unknown[:5])} lies in {folder / 'lilim'}.\n{LAYOUT}")
    missing = [name for name in choice.sets if name not in present]
    return Found(instances=files, best_known=best_known, days=days, missing=missing)


def _instances(folder: Path, name: str, choice: Choice) -> list[Path]:
    files = {file.stem: file for file in sorted((folder / "lilim" / name).glob("*.txt"))}
    return [files[chosen] for chosen in choice.of(list(files))]


def _days(folder: Path, choice: Choice) -> list[str]:
    names = day_names(folder / MEALS)
    usual = [name for name in names if name.startswith(USUAL_DAYS)]
    return choice.of(names if choice.only or not usual else usual)


def _best_known(folder: Path) -> dict[str, BestKnown]:
    known: dict[str, BestKnown] = {}
    for file in (folder / "lilim" / "BKS.json", folder / "lilim" / "bks.csv"):
        if file.is_file():
            known.update(read_best_known(file))
    return known
