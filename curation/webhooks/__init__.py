"""Webhooks: what became public is told to whoever was registered, after the Standard Webhooks specification."""
