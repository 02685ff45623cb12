"""Accounts, roles, tokens, declarations, and pseudonyms with their vault."""
