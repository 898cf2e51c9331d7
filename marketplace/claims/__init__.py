"""Damage claims: a parcel came damaged, or not, or was another, and somebody asks for its worth.

A shipper opens a claim for its delivery, or the recipient by the tracking link, within the market's `claim_within_s`,
with words and pictures. An operator may ask for more. The driver is heard: a claim is accepted only once the driver has
answered or the time for it is over, and whatever is decided, the driver pays nothing by it. A named person accepts a
claim, in whole or in part and up to the market's limit, or rejects it with a reason; what is accepted becomes a credit
on the shipper's bill, once. All sides read the same file, and nothing in it is changed afterwards, except that words
and pictures go when their recipient is erased.

In order of life: `announce_claim_picture`, `open_claim`, `ask_claim_evidence`, `add_claim_evidence`, `answer_claim`,
`accept_claim` or `reject_claim` or `withdraw_claim`.
"""

from marketplace.claims.accept import HearingOpen, OverLimit, accept_claim
from marketplace.claims.add_evidence import add_claim_evidence
from marketplace.claims.announce_picture import announce_claim_picture
from marketplace.claims.answer import AnsweredAlready, answer_claim
from marketplace.claims.ask_evidence import ask_claim_evidence
from marketplace.claims.file import BadClaimText, ClaimEnded, ClaimFull
from marketplace.claims.open import AlreadyClaimed, BadClaim, NotClaimable, open_claim
from marketplace.claims.party import Party
from marketplace.claims.queries import MOST_CLAIMS, find_claim, list_claims
from marketplace.claims.reject import reject_claim
from marketplace.claims.states import ClaimKind, ClaimState, EntryKind
from marketplace.claims.withdraw import withdraw_claim

__all__ = [
    "MOST_CLAIMS",
    "AlreadyClaimed",
    "AnsweredAlready",
    "BadClaim",
    "BadClaimText",
    "ClaimEnded",
    "ClaimFull",
    "ClaimKind",
    "ClaimState",
    "EntryKind",
    "HearingOpen",
    "NotClaimable",
    "OverLimit",
    "Party",
    "accept_claim",
    "add_claim_evidence",
    "announce_claim_picture",
    "answer_claim",
    "ask_claim_evidence",
    "find_claim",
    "list_claims",
    "open_claim",
    "reject_claim",
    "withdraw_claim",
]
