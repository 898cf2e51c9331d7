"""Blocks: paid availability that is published before the peak, signed up for without a race, and kept.

In order of life: `publish_blocks` or `cancel_block`; `sign_up_for_block`, where the first wishes are drawn by lot and
the others wait in line; `leave_block`, free until the block's own moment; `look_after_blocks` draws, asks the next of
the line, sees who came, holds for others what no-shows have left, and settles: what the routes of a block paid below
its floor is made up on a statement.
`MakeForecast` foresees a market's hours, and `blocks_needed` says how many places a hub lacks in each of them.
"""

from marketplace.blocks.cancel import cancel_block
from marketplace.blocks.demand import mase, seasonal_baseline, wall_series, wmape_percent
from marketplace.blocks.events import BlockKept, BlockPlaceFreed
from marketplace.blocks.forecast import MakeForecast, foresee
from marketplace.blocks.leave import leave_block
from marketplace.blocks.look_after import look_after_blocks
from marketplace.blocks.lot import Wish, draw, seed_digest, ticket
from marketplace.blocks.needed import (
    USUAL_STOPS_PER_HOUR,
    DayNeed,
    HourNeed,
    blocks_needed,
    latest_run,
    stops_per_driver_hour,
)
from marketplace.blocks.publish import BlockPlan, hub_area, publish_blocks
from marketplace.blocks.queries import block_figures, blocks_of_driver, blocks_of_market, blocks_open_to, some_blocks
from marketplace.blocks.refusals import (
    BadBlock,
    BlockNotOpen,
    BlockOverlap,
    CannotKeepBlock,
    NoSuchBlock,
    NotSignedUp,
)
from marketplace.blocks.sign_up import sign_up_for_block
from marketplace.blocks.states import BlockState, SignUpState

__all__ = [
    "USUAL_STOPS_PER_HOUR",
    "BadBlock",
    "BlockKept",
    "BlockNotOpen",
    "BlockOverlap",
    "BlockPlaceFreed",
    "BlockPlan",
    "BlockState",
    "CannotKeepBlock",
    "DayNeed",
    "HourNeed",
    "MakeForecast",
    "NoSuchBlock",
    "NotSignedUp",
    "SignUpState",
    "Wish",
    "block_figures",
    "blocks_needed",
    "blocks_of_driver",
    "blocks_of_market",
    "blocks_open_to",
    "cancel_block",
    "draw",
    "foresee",
    "hub_area",
    "latest_run",
    "leave_block",
    "look_after_blocks",
    "mase",
    "publish_blocks",
    "seasonal_baseline",
    "seed_digest",
    "sign_up_for_block",
    "some_blocks",
    "stops_per_driver_hour",
    "ticket",
    "wall_series",
    "wmape_percent",
]
