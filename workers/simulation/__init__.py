"""Simulated days: a market's own flow in simulated time, as fast as the machine goes, the same for the same seed.

The verbs, jobs, deadlines, matcher and ledger are those of production. A `Stage` moves a manual clock from one thing
that happens to the next; people (`Driver`, `Shipper`) act on it by calling the verbs directly, and a `Record` hears
every event and adds up the figures. How people behave is theirs (`Person`), what a day holds is a value (`CityDay`,
`Instance`), so that other days and other people are other values and not other code. Days on end (`play_city_days`) are
one market that keeps what it learnt, and tell how good its arrival times were. It stands beside the `simulator`,
whose apps live in real time and speak to the API only: that one shows that the API works, this one what a policy does.
"""

from workers.simulation.asked import Asked, Told, play_asked
from workers.simulation.booking import BookedFigures, Booking, booking_of
from workers.simulation.city_day import CityDay, play_city_day, play_in_process, quiet_day
from workers.simulation.city_days import DayOfMany, PlayedDays, play_city_days
from workers.simulation.closing import BooksDisagree, Played
from workers.simulation.comparing import Comparison, OneDatabase, compare
from workers.simulation.comparing_chart import draw_comparison
from workers.simulation.comparing_table import show_comparison
from workers.simulation.conditions import BadVariant, Conditions, Variant, Waves, read_switches, read_variants
from workers.simulation.figures import Figures
from workers.simulation.loop import run
from workers.simulation.mdrp import BadInstance, Instance, read_instance
from workers.simulation.mdrp_day import MealFigures, PlayedMeals, play_meal_day
from workers.simulation.opening import DatabaseInUse
from workers.simulation.people import Person
from workers.simulation.replay import OtherCity, ReplayedDay, play_replay, read_recorded_day
from workers.simulation.tables import show_days, show_played
from workers.simulation.world import World

__all__ = [
    "Asked",
    "BadInstance",
    "BadVariant",
    "BookedFigures",
    "Booking",
    "BooksDisagree",
    "CityDay",
    "Comparison",
    "Conditions",
    "DatabaseInUse",
    "DayOfMany",
    "Figures",
    "Instance",
    "MealFigures",
    "OneDatabase",
    "OtherCity",
    "Person",
    "Played",
    "PlayedDays",
    "PlayedMeals",
    "ReplayedDay",
    "Told",
    "Variant",
    "Waves",
    "World",
    "booking_of",
    "compare",
    "draw_comparison",
    "play_asked",
    "play_city_day",
    "play_city_days",
    "play_in_process",
    "play_meal_day",
    "play_replay",
    "quiet_day",
    "read_instance",
    "read_recorded_day",
    "read_switches",
    "read_variants",
    "run",
    "show_comparison",
    "show_days",
    "show_played",
]
