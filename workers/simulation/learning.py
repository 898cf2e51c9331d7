"""What a worker's schedule does in real life and nobody would do on the stage: learning how full the streets are."""

from marketplace.tracking import TrafficFollower
from workers.jobs import learn_traffic
from workers.simulation.world import World

LEARN_EVERY_S = 180.0


def learn_regularly(world: World) -> None:
    """Has the market learn from what was driven, and its router follow, for as long as anything is still to happen."""
    city_pack = world.marketplace.city.meta.name
    follower = TrafficFollower(world.marketplace.works, world.marketplace.router, city_pack=city_pack)

    async def learn() -> None:
        await learn_traffic(world.marketplace, world.market_id)
        await follower.look()

    world.stage.regularly(LEARN_EVERY_S, learn, goes_on=world.goes_on)
