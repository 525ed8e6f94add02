"""Messages about scans and their relatives: preview, form, progress, verdict, causes of trouble, and their wording."""
