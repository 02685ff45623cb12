"""The rules, pure: what may happen, and what follows from what happened.

Rules that always hold:
- no database, no clock, no network: events in, state or `Refused` out;
- commands, projection, releases and verification all use this one package, so a rule is written once.
"""
