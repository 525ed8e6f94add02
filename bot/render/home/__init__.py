"""The App Home: what one person sees of the queue."""
