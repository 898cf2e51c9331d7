"""What goes in place of something that a hub has run out of while an order is picked, as the shipper's line allows.

A line lets nothing else be sent, one of the SKUs that it names, or what the recipient agrees to. In order of life:
`keep_rules` with the posting, `propose_substitute` by the picker, `answer_substitution` by the recipient, and
`settle_due` where nobody has answered. What the other thing costs is between shipper and recipient: the marketplace
charges for carrying, and tells the shipper what went.
"""

from marketplace.substitutions.answer import NothingToAnswer, answer_substitution
from marketplace.substitutions.keep import Rule, keep_rules
from marketplace.substitutions.propose import NoSubstitute, propose_substitute
from marketplace.substitutions.settle_due import settle_due
from marketplace.substitutions.states import SubstitutionRule, SubstitutionState

__all__ = [
    "NoSubstitute",
    "NothingToAnswer",
    "Rule",
    "SubstitutionRule",
    "SubstitutionState",
    "answer_substitution",
    "keep_rules",
    "propose_substitute",
    "settle_due",
]
