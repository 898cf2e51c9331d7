"""Problems small enough to solve by hand, in the form of the public files; nothing here is taken from them."""

from pathlib import Path

from tests.benchmarks.matching.li_lim import Instance, read_instance
from tests.benchmarks.matching.meals import TABLES, MealDay, read_day

TWO_PAIRS = """\
2\t10\t1
0\t0\t0\t0\t0\t100\t0\t0\t0
1\t3\t0\t6\t0\t25\t1\t0\t2
2\t3\t4\t-6\t0\t60\t1\t1\t0
3\t0\t4\t5\t0\t50\t1\t0\t4
4\t0\t8\t-5\t20\t70\t1\t3\t0
"""
"""From 1 to 2 and from 3 to 4, around a depot at the origin; one vehicle can do it in 3 + 4 + 3 + 4 + 8 = 22."""

THREE_MEALS = {
    "instance_parameters": (
        "meters_per_minute\tpickup service minutes\tdropoff service minutes\ttarget click-to-door"
        "\tmaximum click-to-door\tpay per order\tguaranteed pay per hour\n"
        "100\t4\t4\t40\t90\t10\t15\n"
    ),
    "restaurants": "restaurant\tx\ty\nkitchen\t0\t0\ngrill\t5000\t0\n",
    "orders": (
        "order\tx\ty\tplacement_time\trestaurant\tready_time\n"
        "soup\t800\t0\t0\tkitchen\t10\n"
        "rice\t0\t450\t2\tkitchen\t12\n"
        "fish\t0\t200\t30\tkitchen\t35\n"
    ),
    "couriers": "courier\tx\ty\ton_time\toff_time\nana\t300\t0\t0\t60\nben\t0\t1000\t0\t60\n",
}
"""Ana is 3 minutes from the kitchen, Ben 10; the doors are 8, 5 and 2 minutes from it."""


def two_pairs(folder: Path) -> Instance:
    """The small instance, read from a file."""
    file = folder / "small.txt"
    file.write_text(TWO_PAIRS)
    return read_instance(file)


def three_meals(**tables: str) -> MealDay:
    """The small day; a table may be another."""
    return read_day("small", THREE_MEALS | tables)


def lay_out(folder: Path) -> Path:
    """Both problems in a folder as a user would lay it out."""
    routes, day = folder / "lilim" / "li_lim_100", folder / "mdrp" / "0o50small"
    routes.mkdir(parents=True)
    day.mkdir(parents=True)
    two_pairs(routes)
    (folder / "lilim" / "bks.csv").write_text("instance,class,vehicles,distance\nsmall,li_lim_100,1,22.00\n")
    for table in TABLES:
        (day / f"{table}.txt").write_text(THREE_MEALS[table])
    return folder
