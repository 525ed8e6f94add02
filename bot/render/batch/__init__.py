"""Messages about one change to many: preview, progress, receipt, the form that guards a deletion, and its wording."""
