"""Alert rules, dashboard and autoscaling ask for figures, labels and words that there are; each alert is explained."""

import json
import re
from typing import Any

import pytest
from prometheus_client import Counter, Gauge, Histogram, Info
from prometheus_client.metrics import MetricWrapperBase

from marketplace.core import metrics
from marketplace.core.events import Event
from schema.asgi import build_app
from schema.documents import ready_made_documents
from tests.deploy.test_settings_told import DEPLOY, documents
from workers.deadlines import DEADLINES

WORD = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
SELECTOR = re.compile(r"(\w+)\{([^}]*)\}")
MATCH = re.compile(r'(\w+)="([^"]*)"')
OF_PROMETHEUS = {"up", "process_resident_memory_bytes"}
OF_SCRAPES = {"job", "instance"}
OURS = [each for each in vars(metrics).values() if isinstance(each, MetricWrapperBase)]
STANDINGS = {"due", "later", "running", "dead"}


def expressions() -> list[str]:
    """Everything that is asked of Prometheus."""
    [rules] = documents("watching", "alerts.yaml")
    found = [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    board = json.loads((DEPLOY / "watching" / "dashboard.json").read_text())
    found += [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    [_, scaled] = documents("kubernetes", "scaling.yaml")
    return found + [trigger["metadata"]["query"] for trigger in scaled["spec"]["triggers"]]


def series() -> dict[str, set[str]]:
    """Every series that processes show, with the names of its labels."""
    found: dict[str, set[str]] = {}
    for metric in OURS:
        labels = set(metric._labelnames)
        assert not isinstance(metric, Info)
        match metric:
            case Histogram():
                found |= {f"{metric._name}_{end}": labels for end in ("sum", "count")}
                found[f"{metric._name}_bucket"] = labels | {"le"}
            case Counter():
                found[f"{metric._name}_total"] = labels
            case Gauge():
                found[metric._name] = labels
    return found


def names_in(expression: str) -> set[str]:
    return {word for word in WORD.findall(expression) if word.startswith(("doorstep_", "process_"))}


def test_every_figure_that_is_asked_for_is_shown() -> None:
    known = series().keys() | OF_PROMETHEUS

    for expression in expressions():
        assert names_in(expression) <= known, expression


def test_every_figure_that_is_shown_is_asked_for_somewhere() -> None:
    asked = set().union(*map(names_in, expressions()))

    for metric in OURS:
        ends = ("", "_total", "_bucket", "_count", "_sum")
        assert {f"{metric._name}{end}" for end in ends} & asked, metric._name


@pytest.mark.parametrize("expression", expressions())
def test_labels_are_those_of_the_figure_and_their_values_occur(expression: str) -> None:
    known = series()
    values: dict[tuple[str, str], set[str]] = {
        ("doorstep_events_total", "name"): {each.__name__ for each in every_event(Event)},
        ("doorstep_jobs", "standing"): STANDINGS,
        ("doorstep_deadline_lateness_seconds", "deadline"): {deadline.name for deadline in DEADLINES},
    }
    texts = "\n".join(ready_made_documents())
    operations = set(re.findall(r"^(?:query|mutation|subscription) (\w+)", texts, re.MULTILINE))
    values[("doorstep_operation_seconds_bucket", "operation")] = operations

    for name, inside in SELECTOR.findall(expression):
        for label, value in MATCH.findall(inside):
            assert label in known.get(name, set()) | OF_SCRAPES, (name, label)
            assert value in values.get((name, label), {value}), (name, value)


def every_event(parent: type[Event]) -> set[type[Event]]:
    children: list[type[Event]] = parent.__subclasses__()
    return {parent}.union(*map(every_event, children))


def test_every_alert_has_a_section_and_every_section_but_one_its_alerts() -> None:
    [rules] = documents("watching", "alerts.yaml")
    text = (DEPLOY / "RUNBOOK.md").read_text()
    sections = {anchor(title): body for title, body in re.findall(r"^## (.+)\n((?:(?!^## ).*\n)*)", text, re.MULTILINE)}
    alerts: dict[str, Any] = {rule["alert"]: rule for group in rules["groups"] for rule in group["rules"]}

    assert len(sections) == 10
    for name, rule in alerts.items():
        file, _, section = rule["annotations"]["runbook"].partition("#")
        assert file == "RUNBOOK.md"
        assert f"`{name}`" in sections[section], name
    assert set(re.findall(r"`([A-Z][a-z]+(?:[A-Z][a-z]+)+)`", text)) <= alerts.keys() | {"ObjectStore"}


def anchor(title: str) -> str:
    return re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-")


def test_figures_are_registered_when_the_api_is_built() -> None:
    assert callable(build_app)
    shown = {metric.name for metric in metrics.REGISTRY.collect()}
    assert {metric._name for metric in OURS} <= shown
