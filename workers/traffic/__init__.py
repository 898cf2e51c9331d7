"""The traffic of made-up days: how slow the streets really are, which the product is not told and has to find out.

Simulated drivers drive in it and report where they are, as drivers do. Whatever the product comes to believe about the
streets it has learnt from those reports, and how far it is from the truth can be measured.
"""

from workers.traffic.drives import TrueDrive
from workers.traffic.hidden import DAY_NOISE, HiddenTraffic

__all__ = ["DAY_NOISE", "HiddenTraffic", "TrueDrive"]
