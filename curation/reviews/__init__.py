"""Rounds, seats and reviews."""
