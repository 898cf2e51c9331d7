"""Whatever operators do by hand is taken back by a mutation that is audited too, or it is said why nothing does."""

from schema.operations import SUBJECTS
from schema.undo import NO_UNDO, UNDO


def test_every_audited_mutation_has_an_undo_or_a_reason_and_never_both() -> None:
    assert set(UNDO) | set(NO_UNDO) == set(SUBJECTS)
    assert set(UNDO) & set(NO_UNDO) == set()


def test_what_takes_something_back_is_audited_as_well() -> None:
    assert set(UNDO.values()) <= set(SUBJECTS)


def test_pauses_surge_and_what_drivers_were_given_can_be_taken_back_and_words_cannot() -> None:
    steered = ("pauseZone", "setSurge", "freezeSurge", "assignDelivery", "assignRoute", "reassignRoute")
    assert [UNDO[verb] for verb in steered] == [
        "resumeZone", "clearSurge", "clearSurge", "unassignRoute", "unassignRoute", "cancelReassignment",
    ]  # fmt: skip
    assert NO_UNDO["messageDriver"] == "What somebody was told cannot be unsaid; send another message."
