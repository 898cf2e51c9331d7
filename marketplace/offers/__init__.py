"""The heart of the marketplace: a route is offered in waves, exactly one driver has it, or nobody and it dissolves.

In order of life: a wave is sent, offers are viewed, accepted or declined, expire or are withdrawn; the last answer of a
wave exhausts it and the next one is decided anew, a raise included; a route that nobody takes is given up. Every
search keeps what it saw, and a market learns from the answers what is taken. Saying no, or nothing, never counts
against a driver.
"""

from marketplace.offers.accept import OfferExpired, OfferGone, OfferTaken, PapersExpired, SkillMissing, accept_offer
from marketplace.offers.assign import DriverEngaged, RouteChanged, assign_route
from marketplace.offers.assign_by_hand import AssignByHand
from marketplace.offers.clear_paused import clear_paused_routes, plan_after_pause
from marketplace.offers.decline import decline_offer
from marketplace.offers.drop_old_choices import drop_old_choices
from marketplace.offers.expire import expire_due, next_expiry
from marketplace.offers.explain import explain_delivery, explain_driver, explain_offer
from marketplace.offers.figures import count_open
from marketplace.offers.give_up import give_up_route
from marketplace.offers.learn_acceptance import LearnAcceptance
from marketplace.offers.mend import mend_after_cancel, mend_after_change
from marketplace.offers.offer_by_hand import OfferByHand
from marketplace.offers.queries import my_offers, offer_of_driver, offer_sent
from marketplace.offers.send_wave import CandidatesMoved, SendWave
from marketplace.offers.states import DeclineReason, OfferState, Outcome, RuledOut, WaveState, WithdrawReason
from marketplace.offers.unassign import unassign_route
from marketplace.offers.unqualified import take_back_unqualified
from marketplace.offers.view import view_offer
from marketplace.offers.withdraw import withdraw_offers_of_driver

__all__ = [
    "AssignByHand",
    "CandidatesMoved",
    "DeclineReason",
    "DriverEngaged",
    "LearnAcceptance",
    "OfferByHand",
    "OfferExpired",
    "OfferGone",
    "OfferState",
    "OfferTaken",
    "Outcome",
    "PapersExpired",
    "RouteChanged",
    "RuledOut",
    "SendWave",
    "SkillMissing",
    "WaveState",
    "WithdrawReason",
    "accept_offer",
    "assign_route",
    "clear_paused_routes",
    "count_open",
    "decline_offer",
    "drop_old_choices",
    "expire_due",
    "explain_delivery",
    "explain_driver",
    "explain_offer",
    "give_up_route",
    "mend_after_cancel",
    "mend_after_change",
    "my_offers",
    "next_expiry",
    "offer_of_driver",
    "offer_sent",
    "plan_after_pause",
    "take_back_unqualified",
    "unassign_route",
    "view_offer",
    "withdraw_offers_of_driver",
]
