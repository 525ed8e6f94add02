"""What people type, as the app receives it."""

from __future__ import annotations

import pytest

from sandbox import slack
from sandbox.slack import typed
from tests.sandbox.slack.conftest import app_manifest


@pytest.mark.parametrize(
    ("text", "received"),
    [
        ("assign @dana 1001", "assign <@U0DANA|dana> 1001"),
        ("@dana,@lee.", "<@U0DANA|dana>,<@U0LEE|lee>."),
        ("@nobody", "@nobody"),
        ("can @oncall", "can <!subteam^S0ONCALL|@oncall>"),
        ("@here @channel", "<!here> <!channel>"),
        ("#general #incidents-private #none", "<#C0GENERAL|general> <#C0PRIVATE|> #none"),
        ("see https://acme.example/a?b=1&c=2.", "see <https://acme.example/a?b=1&amp;c=2>."),
        ("assignee:dana@acme.example", "assignee:<mailto:dana@acme.example|dana@acme.example>"),
        ("a & b < c > d", "a &amp; b &lt; c &gt; d"),
        ("“curly” – ‘quotes’ …", "“curly” – ‘quotes’ …"),
        ("<!channel> <@U0DANA>", "&lt;!channel&gt; &lt;@U0DANA&gt;"),
        ("", ""),
    ],
)
def test_typed_text(text: str, received: str) -> None:
    assert typed.escaped(slack.Workspace(app_manifest()), text, labels=True) == received


def test_messages_carry_no_labels() -> None:
    assert typed.escaped(slack.Workspace(app_manifest()), "hi @dana", labels=False) == "hi <@U0DANA>"
