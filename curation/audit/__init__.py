"""Audit from a bundle alone: verify and trace."""
