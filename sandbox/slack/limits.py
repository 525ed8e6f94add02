"""Slack's numbers, typed from its documentation: lengths in characters, times in seconds.

Where two numbers are in circulation the smaller counts.
"""

from __future__ import annotations

from typing import Final

BLOCKS: Final = {"message": 50, "modal": 100, "home": 100}
IDENT: Final = 255
TEXT: Final = 3000
SECTION_FIELDS: Final = 10
SECTION_FIELD: Final = 2000
HEADER: Final = 150
CONTEXT_ELEMENTS: Final = 10
ACTIONS_ELEMENTS: Final = 25
CONTEXT_ACTIONS_ELEMENTS: Final = 5
INPUT_LABEL: Final = 2000
INPUT_HINT: Final = 2000
ALT_TEXT: Final = 2000
IMAGE_TITLE: Final = 2000
URL: Final = 3000
MARKDOWN: Final = 12_000
BUTTON_TEXT: Final = 75
BUTTON_VALUE: Final = 2000
OVERFLOW_OPTIONS: Final = 5
OPTIONS: Final = 100
OPTION_GROUPS: Final = 100
OPTION_TEXT: Final = 75
OPTION_VALUE: Final = 150
RADIO_OPTIONS: Final = 10
PLACEHOLDER: Final = 150
CONFIRM_TITLE: Final = 100
CONFIRM_TEXT: Final = 300
CONFIRM_BUTTON: Final = 30
INPUT_TEXT: Final = 3000
VIDEO_TITLE: Final = 199
VIDEO_AUTHOR: Final = 49

VIEW_TITLE: Final = 24
PRIVATE_METADATA: Final = 3000
VIEW_BYTES: Final = 250_000
VIEW_STACK: Final = 3

MESSAGE_TEXT: Final = 40_000
UPDATE_TEXT: Final = 4_000
MESSAGE_BLOCKS_TEXT: Final = 12_000
METADATA_BYTES: Final = 4_000
METADATA_TYPE: Final = 255

TABLE_ROWS: Final = 100
TABLE_COLUMNS: Final = 20
TABLE_TEXT: Final = 10_000
DATA_TABLE_ROWS: Final = 101
DATA_TABLE_PAGE: Final = 100
CHARTS: Final = 2
CHART_TITLE: Final = 50
CHART_SERIES: Final = 6
CHART_POINTS: Final = 20
CHART_LABEL: Final = 20
CARD_TITLE: Final = 150
CARD_BODY: Final = 200
CARD_BUTTONS: Final = 2
CONTAINER_TITLE: Final = 150
CONTAINER_BLOCKS: Final = 10
ALERT_TEXT: Final = 200

ACK_SECONDS: Final = 3.0
TRIGGER_SECONDS: Final = 3.0
RESPONSE_URL_SECONDS: Final = 1800.0
RESPONSE_URL_USES: Final = 5
SOCKETS: Final = 10
SOCKET_GRACE_SECONDS: Final = 10.0
EVENT_RETRY_SECONDS: Final = (0.0, 60.0, 300.0)

FILE_BYTES: Final = 1_000_000_000
SNIPPET_BYTES: Final = 1_000_000
FILE_ALT_TEXT: Final = 1000

POSTS_PER_SECOND: Final = 1.0
POSTS_BURST: Final = 4
POSTS_PER_MINUTE: Final = 300
TIERS: Final = {"T1": 1, "T2": 20, "T3": 50, "T4": 100, "special": 300}
"""Calls per method in any 60 seconds."""
