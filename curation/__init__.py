"""Evenhand: open curation and audit of post-training data on contested topics."""

__version__ = "0.1.0"
