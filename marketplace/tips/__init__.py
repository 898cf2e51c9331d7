"""Tips of recipients: given on the tracking page, paid at the provider's own page, and whole for the driver.

A recipient names an amount; a page to pay on is asked of the provider like every other operation, so that no card comes
near us. What the provider says was taken is booked once, on a statement of the driver's, and the provider's fee is
borne by the platform. What comes of a tip later, a refund or a dispute, is the platform's as well, never the driver's.
"""

from marketplace.tips.give_tip import AnotherTipWaits, BadTipAmount, TipsAreOver, give_tip
from marketplace.tips.look_up_tip import LookUpTip, look_up_tip
from marketplace.tips.queries import find_tip, sweep_tips, tipped_so_far
from marketplace.tips.settle_tip import settle_tip
from marketplace.tips.states import TipState

__all__ = [
    "AnotherTipWaits",
    "BadTipAmount",
    "LookUpTip",
    "TipState",
    "TipsAreOver",
    "find_tip",
    "give_tip",
    "look_up_tip",
    "settle_tip",
    "sweep_tips",
    "tipped_so_far",
]
