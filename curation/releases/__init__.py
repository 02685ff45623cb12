"""Releases: project, plan, build."""
