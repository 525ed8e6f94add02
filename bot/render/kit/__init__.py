"""What every message is built of: ids, Slack's limits, harmless text, blocks, the frame of a modal, refusals, CSV."""
