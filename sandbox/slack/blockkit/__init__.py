"""Block Kit as Slack checks it: shapes, lengths, surfaces. Nothing here knows of messages, users or HTTP."""
