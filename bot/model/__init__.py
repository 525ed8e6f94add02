"""The words that all rooms share: frozen values, no behaviour beyond reading themselves. Import the package: `model.Anomaly`."""

from __future__ import annotations

from bot.model.actions import Action, Actor, Change, Entry, Installation, Outcome, Result
from bot.model.anomalies import Anomaly, ArchiveAs, Changes, Check, Comment, Contact, Person, Place, Reading, Ref, Severity, State
from bot.model.batches import Batch, BatchState, Fate, Item, Progress, Refusals, Snapshot, Split
from bot.model.cards import Block, Card, CardDraft, CardKind, CardState, Decision, Message, Reason, Route, Window
from bot.model.digest import Digest, DigestDay, DigestLine, NoisyCheck
from bot.model.leases import Lease
from bot.model.queries import Found, Handling, Query, Word
from bot.model.review import ReviewInput, ReviewPage, ReviewScope
from bot.model.scans import GONE, Cause, Operation, OperationState, Problem, Proposal, Push, Scan, ScanRequest, ScanResult, Verdict
from bot.model.sources import Capabilities, SourceHealth, Trouble
from bot.model.views import Explanation, Ingested, Listing, Receipt, Recurrence

__all__ = [
    "GONE",
    "Action",
    "Actor",
    "Anomaly",
    "ArchiveAs",
    "Batch",
    "BatchState",
    "Block",
    "Capabilities",
    "Card",
    "CardDraft",
    "CardKind",
    "CardState",
    "Cause",
    "Change",
    "Changes",
    "Check",
    "Comment",
    "Contact",
    "Decision",
    "Digest",
    "DigestDay",
    "DigestLine",
    "Entry",
    "Explanation",
    "Fate",
    "Found",
    "Handling",
    "Ingested",
    "Installation",
    "Item",
    "Lease",
    "Listing",
    "Message",
    "NoisyCheck",
    "Operation",
    "OperationState",
    "Outcome",
    "Person",
    "Place",
    "Problem",
    "Progress",
    "Proposal",
    "Push",
    "Query",
    "Reading",
    "Reason",
    "Receipt",
    "Recurrence",
    "Ref",
    "Refusals",
    "Result",
    "ReviewInput",
    "ReviewPage",
    "ReviewScope",
    "Route",
    "Scan",
    "ScanRequest",
    "ScanResult",
    "Severity",
    "Snapshot",
    "SourceHealth",
    "Split",
    "State",
    "Trouble",
    "Verdict",
    "Window",
    "Word",
]
