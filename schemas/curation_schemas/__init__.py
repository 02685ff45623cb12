"""Evenhand's wire models: the one source of truth for every format that crosses a boundary.

Rules that always hold:
- a format is written once, here, in Pydantic; its JSON Schema is generated and frozen under `frozen/`;
- nothing in this package does I/O beyond reading its own frozen schemas, and nothing imports another package of ours.
"""
