"""Rows of a batch that end at hand-over points find a place there under its lock, or are not posted."""

from dataclasses import replace

from marketplace.batches.at_point import NoPlaceLeft
from marketplace.batches.price import Priced
from marketplace.batches.request import problem_of
from marketplace.core.work import Work
from marketplace.points import lock_places

IS_FULL = NoPlaceLeft("somebody else has taken the last place there; choose another", field="handOverPointId")


async def without_full(work: Work, answer: Priced) -> Priced:
    """Locks the hand-over points that rows end at, and makes problems of those that find no place there any more."""
    wanted = {i: row.placed.request.hand_over_point_id for i, row in answer.rows.items()}
    at_points = {i: point_id for i, point_id in wanted.items() if point_id is not None}
    if not at_points:
        return answer
    free = await lock_places(work, set(at_points.values()))
    rows, problems = dict(answer.rows), dict(answer.problems)
    for i, point_id in at_points.items():
        if free.get(point_id, 0) < 1:
            problems[i] = problem_of(rows.pop(i).placed.request, IS_FULL)
        else:
            free[point_id] -= 1
    return replace(answer, rows=rows, problems=problems)
