"""Standing without fear: published rules, evidence that drivers can see and contest, and suspensions by people alone.

In order of life: `find_evidence` writes down what was done on drivers' own routes, `compute_standing` makes levels of
it every night and whenever a driver looks, `standing_of` shows it with every row, `ask_correction` and
`answer_correction` put a row right. A level opens blocks earlier and nothing else; what was declined or left to expire
is no evidence, neither here nor by the database.

`propose_suspensions` proposes by rule, `propose_for_safety` by an operator; `decide_suspension` is a named person's,
with the notice of the market's law, `begin_suspensions` says so when its time has come, `appeal_suspension` and
`decide_appeal` bring in another person, `end_suspension` lets in or closes. `suspension_files` is the same for both
sides.
"""

from marketplace.standing.appeal import NothingToAppeal, appeal_suspension
from marketplace.standing.begin import begin_suspensions
from marketplace.standing.compute import compute_standing, is_standing_due
from marketplace.standing.correct import (
    CorrectionAsked,
    CorrectionDecided,
    answer_correction,
    ask_correction,
    open_corrections,
)
from marketplace.standing.decide import (
    APPEAL_WITHIN,
    AppealOpen,
    NoAppeal,
    SamePerson,
    decide_appeal,
    decide_suspension,
    end_suspension,
)
from marketplace.standing.file import (
    SuspensionFile,
    SuspensionStep,
    suspension_files,
    waiting_suspensions,
    words_of,
)
from marketplace.standing.find_evidence import find_evidence
from marketplace.standing.notice import LAWS, NoticeLaw, notice_of
from marketplace.standing.propose import NotActive, propose_for_safety, propose_suspensions
from marketplace.standing.reading import EvidenceRow, ShownFigure, Standing, standing_of
from marketplace.standing.rules import PUBLISHED, RULES, Figure, Level, Missing, StandingRules, level_of, missing_for
from marketplace.standing.states import (
    SUSPENSION_STEPS,
    CorrectionState,
    EvidenceKind,
    Excluded,
    SafetyReason,
    SuspensionRule,
    SuspensionState,
)

__all__ = [
    "APPEAL_WITHIN",
    "LAWS",
    "PUBLISHED",
    "RULES",
    "SUSPENSION_STEPS",
    "AppealOpen",
    "CorrectionAsked",
    "CorrectionDecided",
    "CorrectionState",
    "EvidenceKind",
    "EvidenceRow",
    "Excluded",
    "Figure",
    "Level",
    "Missing",
    "NoAppeal",
    "NotActive",
    "NothingToAppeal",
    "NoticeLaw",
    "SafetyReason",
    "SamePerson",
    "ShownFigure",
    "Standing",
    "StandingRules",
    "SuspensionFile",
    "SuspensionRule",
    "SuspensionState",
    "SuspensionStep",
    "answer_correction",
    "appeal_suspension",
    "ask_correction",
    "begin_suspensions",
    "compute_standing",
    "decide_appeal",
    "decide_suspension",
    "end_suspension",
    "find_evidence",
    "is_standing_due",
    "level_of",
    "missing_for",
    "notice_of",
    "open_corrections",
    "propose_for_safety",
    "propose_suspensions",
    "standing_of",
    "suspension_files",
    "waiting_suspensions",
    "words_of",
]
