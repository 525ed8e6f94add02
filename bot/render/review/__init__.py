"""The review: its form, and what it says when it comes back."""
