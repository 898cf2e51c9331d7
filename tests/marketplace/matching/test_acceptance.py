"""The law of acceptance: the prior without data, bounded features, and more pay never making a yes less likely."""

from dataclasses import replace
from random import Random

import pytest

from marketplace.fleet import ContractKind
from marketplace.markets import PayPolicy
from marketplace.matching.acceptance import (
    PRIOR,
    PRIOR_WEIGHTS,
    USUAL_APPROACH_S,
    USUAL_STOPS,
    AcceptanceModel,
    OfferFacts,
    features,
    pay_ratio,
    usual_pay_per_minute,
)
from marketplace.matching.fitting import fit
from tests.builders import PAY_RATES

USUAL = OfferFacts(
    kind=ContractKind.CROWDSOURCED,
    pay_ratio=1.0,
    approach_s=USUAL_APPROACH_S,
    stop_count=USUAL_STOPS,
    local_hour=12.0,
)


def drawn(model: AcceptanceModel, count: int, seed: int = 1) -> list[tuple[OfferFacts, bool]]:
    """Answers of a market whose drivers obey a law."""
    source = Random(seed)
    answers = []
    for _ in range(count):
        facts = OfferFacts(
            kind=source.choice([ContractKind.CROWDSOURCED, ContractKind.CROWDSOURCED, ContractKind.CONTRACTED]),
            pay_ratio=source.uniform(0.6, 1.8),
            approach_s=source.randrange(1500),
            stop_count=source.randint(2, 12),
            local_hour=source.uniform(0, 24),
        )
        answers.append((facts, source.random() < model.probability(facts)))
    return answers


@pytest.mark.parametrize(
    ("kind", "chance"),
    [(ContractKind.DEDICATED, 1.0), (ContractKind.CONTRACTED, 0.8), (ContractKind.CROWDSOURCED, 0.6)],
)
def test_without_data_a_usual_offer_has_the_chance_of_its_kind(kind: ContractKind, chance: float) -> None:
    assert PRIOR.usual(kind, 7.5) == pytest.approx(chance)
    assert PRIOR.probability(replace(USUAL, kind=kind)) == pytest.approx(chance)


def test_more_pay_is_taken_more_often_and_farther_or_longer_routes_less_often() -> None:
    usual = PRIOR.probability(USUAL)

    assert PRIOR.probability(replace(USUAL, pay_ratio=1.2)) > usual
    assert PRIOR.probability(replace(USUAL, approach_s=900)) < usual
    assert PRIOR.probability(replace(USUAL, stop_count=9)) < usual


def test_no_offer_is_certain_whatever_it_pays() -> None:
    assert PRIOR.probability(replace(USUAL, pay_ratio=1e9)) <= 0.98
    assert PRIOR.probability(replace(USUAL, pay_ratio=0.0, approach_s=10**6)) >= 0.02
    assert features(replace(USUAL, approach_s=10**6))["approach"] == 3.0


def test_pay_is_measured_against_a_usual_route_of_the_market() -> None:
    usual = usual_pay_per_minute(PayPolicy.of(1, PAY_RATES))

    # base 900, 6 km for 180, 30 min for 60, 3 stops for 250
    assert usual == pytest.approx(4530 / 30)
    assert pay_ratio(4530, 1800, usual) == pytest.approx(1.0)
    assert pay_ratio(4530, 900, usual) == pytest.approx(2.0)
    assert pay_ratio(4530, 1800, 0.0) == 1.0


def test_facts_survive_being_kept() -> None:
    assert OfferFacts.from_json(USUAL.as_json()) == USUAL


def test_without_answers_the_prior_stands() -> None:
    assert fit([]) == PRIOR_WEIGHTS
    assert fit([(replace(USUAL, kind=ContractKind.DEDICATED), True)] * 50) == PRIOR_WEIGHTS


def test_a_few_answers_hardly_move_the_prior_and_many_do() -> None:
    few = AcceptanceModel(1, fit([(USUAL, False)] * 3))
    many = AcceptanceModel(1, fit([(USUAL, False)] * 300))

    assert 0.5 < few.probability(USUAL) < 0.6
    assert many.probability(USUAL) < 0.1


def test_a_law_is_found_again_in_its_own_answers() -> None:
    true = AcceptanceModel(0, dict(PRIOR_WEIGHTS) | {"crowd": -0.6, "pay": 3.0, "approach": -1.0, "night": -0.4})

    learnt = AcceptanceModel(1, fit(drawn(true, 4_000)))

    asked = [facts for facts, _ in drawn(true, 500, seed=2)]
    error = sum(abs(learnt.probability(facts) - true.probability(facts)) for facts in asked) / len(asked)
    before = sum(abs(PRIOR.probability(facts) - true.probability(facts)) for facts in asked) / len(asked)
    assert error < 0.03
    assert before > 0.1


def test_more_pay_never_means_fewer_yeses_whatever_the_answers_say() -> None:
    contrary = [(replace(USUAL, pay_ratio=2.0), False)] * 400 + [(replace(USUAL, pay_ratio=0.5), True)] * 400

    learnt = fit(contrary)

    assert learnt["pay"] == 0.0
    model = AcceptanceModel(1, learnt)
    assert model.probability(replace(USUAL, pay_ratio=2.0)) == model.probability(replace(USUAL, pay_ratio=0.5))


def test_the_same_answers_give_the_same_law() -> None:
    answers = drawn(PRIOR, 300)

    assert fit(answers) == fit(list(answers))
