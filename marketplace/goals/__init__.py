"""What shippers' recipients are to experience, and whether they do: goals are set, tracked and judged by their days.

In order of life: `set_experience_goal`, `experience_goals`, `judge_goals`. Versions are dated and never edited. What
happened is read from the figures of days that analytics has counted.
"""

from marketplace.goals.goal import BadGoal, Goal, Measured, Metric, measure
from marketplace.goals.judge import judge_goals
from marketplace.goals.set_goal import set_experience_goal
from marketplace.goals.track import TrackedGoal, experience_goals

__all__ = [
    "BadGoal",
    "Goal",
    "Measured",
    "Metric",
    "TrackedGoal",
    "experience_goals",
    "judge_goals",
    "measure",
    "set_experience_goal",
]
