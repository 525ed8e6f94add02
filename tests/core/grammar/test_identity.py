"""`/anomalies link`: who is meant, who they are in a system, and mistakes with their place."""

from __future__ import annotations

from datetime import date

import pytest

from bot import errors
from bot.core import grammar


def read(text: str) -> grammar.Command:
    return grammar.command(text, today=date(2026, 11, 21), sources=("qualytics", "anodot"), default_source="qualytics")


@pytest.mark.parametrize(
    ("text", "person", "system", "target"),
    [
        pytest.param("link", "", "", "", id="who am I"),
        pytest.param("link me", "", "", "", id="who am I, said"),
        pytest.param("link <@U1|dana>", "U1", "", "", id="who is somebody"),
        pytest.param("link 12", "", "", "12", id="an id"),
        pytest.param("link qualytics:12", "", "qualytics", "12", id="an id of a system"),
        pytest.param("link ANODOT:5a", "", "anodot", "5a", id="an id of another system"),
        pytest.param("link <mailto:dana@acme.example|dana@acme.example>", "", "", "dana@acme.example", id="an address"),
        pytest.param("link anodot:dana@acme.example", "", "anodot", "dana@acme.example", id="an address of a system"),
        pytest.param("link “Dana Levi”", "", "", "Dana Levi", id="a name"),
        pytest.param("link <@U1> qualytics:12", "U1", "qualytics", "12", id="somebody"),
        pytest.param("link qualytics:12 <@U1>", "U1", "qualytics", "12", id="the other way round"),
        pytest.param("link <@U1> to 12", "U1", "", "12", id="small words"),
        pytest.param("link me = 12", "", "", "12", id="me"),
        pytest.param("link none", "", "", "none", id="unlink"),
        pytest.param("link nobody", "", "", "none", id="unlink in another word"),
        pytest.param("link <@U1> qualytics:none", "U1", "qualytics", "none", id="unlink somebody from a system"),
        pytest.param("link <@U1>, 12,", "U1", "", "12", id="commas too many"),
    ],
)
def test_links(text: str, person: str, system: str, target: str) -> None:
    command = read(text)
    assert (command.verb, command.person, command.system, command.target) == ("link", person, system, target)
    assert command.query is None and command.change is None and command.refs == ()


@pytest.mark.parametrize(
    ("text", "wrong", "says", "example"),
    [
        pytest.param("link @dana 12", "@dana", "no mention", "link", id="a name behind an @ is no mention"),
        pytest.param("link <@U1> <@U2> 12", "<@U1> <@U2>", "one person at a time", "link <@U1>", id="two people"),
        pytest.param("link <@U1>,<@U2> 12", "<@U1>,<@U2>", "one person at a time", "link <@U1>", id="two people in a list"),
        pytest.param("link Dana Levi", "Dana Levi", '"Dana Levi"', 'link "Dana Levi"', id="a name without quotation marks"),
        pytest.param(
            "link <@U1> anodot:Dana Levi", "anodot:Dana Levi", 'anodot:"Dana Levi"', 'link <@U1> anodot:"Dana Levi"', id="of a system"
        ),
        pytest.param("link qualitics:12", "qualitics", "Did you mean qualytics?", "link qualytics:12", id="a system"),
        pytest.param("link autional:12", "autional", "Connected: qualytics, anodot", "link dana@acme.example", id="not connected"),
        pytest.param("link status:open", "status:open", "selects anomalies", "link dana@acme.example", id="a filter"),
        pytest.param("link qualytics:", "qualytics:", "one user of a system", "link dana@acme.example", id="a system without a user"),
        pytest.param('link " "', '" "', "one user of a system", "link dana@acme.example", id="empty quotation marks"),
        pytest.param("link 12,13", "12,13", "one user of a system", "link dana@acme.example", id="two users"),
        pytest.param("unlink", "unlink", "link none", "link none", id="unlink"),
        pytest.param("unlink <@U1> please", "unlink", "link <@U1> none", "link <@U1> none", id="unlink somebody"),
        pytest.param("lnik me", "lnik", "Did you mean link?", "link me", id="nearly link"),
    ],
)
def test_mistakes(text: str, wrong: str, says: str, example: str) -> None:
    with pytest.raises(errors.BadCommand) as caught:
        read(text)
    error = caught.value
    assert error.text[error.start : error.end] == wrong
    assert says in str(error)
    assert error.example == f"/anomalies {example}"
