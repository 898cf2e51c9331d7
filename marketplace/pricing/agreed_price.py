"""What a contracted company was promised for each route, as a line of its drivers' offers.

The market's pay policy and the law's floors hold for everybody; a company's price for a route can only lift what they
come to. What was promised on top of the work, raises and bonuses, stays on top of the price. The total of the offer is
the guarantee of the statement, so that what was agreed is what is paid.
"""

from dataclasses import replace

from marketplace.pricing.driver_pay import ON_TOP, PayLines
from marketplace.pricing.lines import top_up

COMPANY = "company"


def with_agreed_price(pay: PayLines, agreed_minor: int) -> PayLines:
    """The pay, with one line more where the work comes to less than the company's price for a route."""
    on_top = [line for line in pay.lines if line.code in ON_TOP]
    work = [line for line in pay.lines if line not in on_top]
    lift = top_up(work, to_minor=agreed_minor, code="company_price", rule=f"{COMPANY}:route_minor")
    return replace(pay, lines=(*work, *lift, *on_top)) if lift else pay
