"""Scans and their relatives: `ask` proposes, confirms, aborts and shows them, `follow` starts them and looks at them until they end."""
