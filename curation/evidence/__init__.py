"""Cited pages as evidence: fetched or brought along, kept in a restricted folder, quotes looked for in their text."""
