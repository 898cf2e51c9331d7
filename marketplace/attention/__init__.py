"""What needs a person: one queue of everything in a market that nobody but an operator can move on.

A delivery that finds no driver, a stop that will be late, pay or work that stands still, a parcel that nobody took, a
suspension to decide, an address to place, a route that changes hands. Read only; each row says what it is about, and
whoever looks at it decides with the verbs of that noun.
"""

from marketplace.attention.needs import Need, NeedKind, needs_attention

__all__ = ["Need", "NeedKind", "needs_attention"]
