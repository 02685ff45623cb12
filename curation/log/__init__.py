"""The append-only log, after C2SP's specifications (signed-note, tlog-checkpoint, tlog-tiles, tlog-cosignature,
tlog-witness, tlog-proof, tlog-policy).

Rules that always hold:
- `leaf`, `merkle`, `tiles`, `notes`, `proofs` and `trust` are pure: no database, no network, no file, no clock. What
  they verify can be verified offline, and by anyone else's C2SP tool.
- Import the modules themselves; this package re-exports nothing, so that an auditor loads only what a check needs.
"""
