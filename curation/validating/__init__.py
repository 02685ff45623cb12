"""Validate datasets: a bundle, a home, somebody else's file."""
