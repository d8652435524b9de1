"""The web service that delivers tasks and reports; nothing of it exists yet."""
