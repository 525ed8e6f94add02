"""Who is who: addresses, remembered choices, and how often a system is asked for its users."""

from __future__ import annotations

from typing import Any

import pytest

from bot import errors, model
from bot.core import permissions
from bot.services import people
from tests.services import cast

ME = model.Actor("U0DANA", "Dana", email="dana@acme.example")
LEE = model.Actor("U0LEE", "Lee", email="lee@elsewhere.example")
GUS = model.Actor("U0GUS", "Gus")
ADMIN = model.Actor("U0ADMIN", "Ann")


class Office:
    """The service and what it asks."""

    def __init__(self, *users: model.Person) -> None:
        self.system = cast.System(users or (cast.DANA, cast.LEE))
        self.identities, self.directory, self.clock = cast.Links(), cast.Directory(), cast.Clock()
        sources: Any = {"qualytics": self.system}
        self.people = people.People(
            sources=sources,
            identities=self.identities,
            directory=self.directory,
            clock=self.clock,
            grants=permissions.Grants(frozenset({ADMIN.id})),
        )


async def test_the_same_address_is_the_same_person_and_is_remembered() -> None:
    office = Office()
    match = await office.people.match("qualytics", ["U0DANA"])
    assert match.found == {"U0DANA": cast.DANA} and match.unknown == []
    assert office.identities.how == ["email"]
    await office.people.match("qualytics", ["U0DANA"])
    assert office.directory.asked == ["U0DANA"], "the second time nobody is asked"


async def test_somebody_unknown_is_named_and_the_choice_counts_from_then_on() -> None:
    office = Office()
    match = await office.people.match("qualytics", ["U0LEE", "U0DANA"])
    assert [actor.id for actor in match.unknown] == ["U0LEE"] and set(match.found) == {"U0DANA"}
    assert (await office.people.remember(LEE, "U0LEE", "qualytics", "18")).person == cast.LEE
    match = await office.people.match("qualytics", ["U0LEE", "U0DANA"])
    assert match.found == {"U0LEE": cast.LEE, "U0DANA": cast.DANA} and match.unknown == []
    assert await office.people.slack_ids([cast.LEE, cast.OTHER_LEE]) == {"18": "U0LEE"}
    await office.people.forget(LEE, "U0LEE", "qualytics")
    assert (await office.people.match("qualytics", ["U0LEE"])).unknown
    with pytest.raises(errors.NotFound, match="no user 99 any more"):
        await office.people.remember(LEE, "U0LEE", "qualytics", "99")


async def test_nobody_without_an_address_is_matched_to_somebody_without_one() -> None:
    office = Office(model.Person("qualytics", "1", "Service"))
    match = await office.people.match("qualytics", ["U0GUS"])
    assert match.found == {} and [actor.id for actor in match.unknown] == ["U0GUS"]


async def test_the_list_of_users_is_read_again_after_ten_minutes_or_when_somebody_is_missing() -> None:
    office = Office()
    await office.people.suggest("qualytics", "")
    office.clock.pass_by(minutes=9)
    await office.people.suggest("qualytics", "")
    assert office.system.asked == ["people"]
    office.clock.pass_by(minutes=2)
    await office.people.suggest("qualytics", "")
    assert len(office.system.asked) == 2
    await office.people.match("qualytics", ["U0LEE", "U0LEE"])
    assert len(office.system.asked) == 2, "just read: a miss is believed"
    office.clock.pass_by(minutes=1.5)
    office.system.users = (cast.DANA, model.Person("qualytics", "20", "Lee", "lee@elsewhere.example"))
    match = await office.people.match("qualytics", ["U0LEE"])
    assert match.found["U0LEE"].id == "20", "somebody who was added a minute ago is found"
    assert len(office.system.asked) == 3


async def test_suggestions_hold_what_was_typed() -> None:
    office = Office(*(model.Person("qualytics", str(n), f"Ann {n:03}", f"a{n}@acme.example") for n in range(150)))
    assert len(await office.people.suggest("qualytics", "")) == 150
    assert [one.id for one in await office.people.suggest("qualytics", " ANN 14")] == [str(n) for n in range(140, 150)]
    assert [one.id for one in await office.people.suggest("qualytics", "a77@")] == ["77"]
    assert await office.people.suggest("qualytics", "nobody") == []


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("me", "12"),
        ("<@U0DANA>", "12"),
        ("<@U0DANA|dana>", "12"),
        ("none", "none"),
        ("@Dana Reyes", "12"),
        ("LEE.PARK@acme.example", "18"),
        ("18", "18"),
    ],
)
async def test_the_people_of_a_filter(word: str, found: str) -> None:
    resolved = await Office().people.resolve(model.Query(assignees=(word,)), "qualytics", ME)
    assert resolved.assignees == (found,)


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("me", "You are not linked to Qualytics yet. Say who you are there: /anomalies link"),
        ("<@U0LEE>", "You are not linked to Qualytics yet. Say who you are"),
        ("<@U0GUS>", "Gus is not linked to Qualytics yet. They, or an admin of this desk, can say"),
        ("Lee Park", "2 users are called"),
        ("nobody", "no user is called"),
    ],
)
async def test_people_of_a_filter_whom_nobody_knows(word: str, told: str) -> None:
    office = Office(cast.LEE, cast.OTHER_LEE)
    with pytest.raises(errors.NotFound, match=told):
        await office.people.resolve(model.Query(assignees=(word,)), "qualytics", model.Actor("U0LEE", "Lee"))


# --- nobody becomes somebody else ------------------------------------------------------------------------------------------


async def test_others_are_linked_by_admins_alone() -> None:
    office = Office()
    for attempt in (
        office.people.remember(ME, "U0LEE", "qualytics", "18"),
        office.people.link(ME, "U0LEE", "qualytics", "Lee Park"),
        office.people.forget(ME, "U0LEE", "qualytics"),
    ):
        with pytest.raises(errors.NotAllowed, match="An admin of this desk links others: /anomalies link") as refused:
            await attempt
        assert refused.value.ask == ("U0ADMIN",)
    assert office.identities.known == {}
    assert await office.people.link(ADMIN, "U0LEE", "qualytics", "Lee Park") == people.Linked(cast.LEE)
    assert office.identities.told == []


async def test_a_person_is_taken_over_by_admins_alone_and_who_is_replaced_is_told() -> None:
    office = Office()
    await office.people.link(GUS, "U0GUS", "qualytics", "18")
    with pytest.raises(errors.NotAllowed, match="Somebody else is Lee Park in Qualytics already"):
        await office.people.link(LEE, "U0LEE", "qualytics", "18")
    assert office.identities.known == {("U0GUS", "qualytics"): cast.LEE}
    linked = await office.people.link(ADMIN, "U0LEE", "qualytics", "18")
    assert linked == people.Linked(cast.LEE, "U0GUS")
    assert office.identities.known == {("U0LEE", "qualytics"): cast.LEE}
    (told,) = office.identities.told
    assert (told.channel, told.state, told.payload["what"]) == ("U0GUS", model.CardState.LIVE, "replaced")
    assert (told.payload["new"], told.payload["by"]) == ("Lee", "Ann")


@pytest.mark.parametrize("actor", [LEE, ADMIN], ids=["oneself", "admin"])
async def test_an_address_counts_more_than_a_choice(actor: model.Actor) -> None:
    office = Office()
    with pytest.raises(errors.NotAllowed, match="an address counts more than a choice") as refused:
        await office.people.link(actor, "U0LEE", "qualytics", "12")
    assert refused.value.ask == ("U0DANA",) and office.identities.known == {}


async def test_an_address_takes_back_what_somebody_had_chosen() -> None:
    office = Office()
    office.identities.known[("U0GUS", "qualytics")] = cast.DANA  # from before addresses were asked
    assert (await office.people.match("qualytics", ["U0DANA"])).found == {"U0DANA": cast.DANA}
    assert [(draft.channel, draft.payload["by"]) for draft in office.identities.told] == [("U0GUS", "")]
    assert (await office.people.match("qualytics", ["U0GUS"])).unknown


async def test_nobody_with_an_address_there_becomes_somebody_else() -> None:
    office = Office()
    with pytest.raises(errors.NotAllowed, match="Your e-mail address is that of Dana Reyes in Qualytics, so you are not Lee Park"):
        await office.people.link(ME, "U0DANA", "qualytics", "18")
    assert (await office.people.link(ADMIN, "U0DANA", "qualytics", "18")).person == cast.LEE


async def test_who_is_faster_is_not_replaced_unasked() -> None:
    office = Office()

    async def first(person: model.Person) -> str:
        office.identities.slack_id = type(office.identities).slack_id.__get__(office.identities)  # type: ignore[method-assign]
        await office.identities.link("U0GUS", person, "picked", office.clock.now())
        return ""

    office.identities.slack_id = first  # type: ignore[method-assign]
    with pytest.raises(errors.Stale, match="at the same moment"):
        await office.people.link(LEE, "U0LEE", "qualytics", "18")
    assert office.identities.known == {("U0GUS", "qualytics"): cast.LEE}


def test_strangers_are_asked_of_themselves_and_of_admins() -> None:
    office = Office()
    office.people.check_strangers(LEE, "qualytics", [LEE])
    office.people.check_strangers(ADMIN, "qualytics", [LEE, GUS])
    with pytest.raises(errors.NotAllowed, match=r"Nobody knows yet who Gus is in Qualytics.*say it themselves with /anomalies link"):
        office.people.check_strangers(LEE, "qualytics", [LEE, GUS])
