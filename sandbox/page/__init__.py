"""The workspace page: draws what the fake Slack server says, and does what a person would do there.

It talks to the servers through their `/_control/` routes alone; nothing of the bot or of the servers is imported.
"""
