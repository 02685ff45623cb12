"""Importers: contributions of many people, and foreign data as proposals, through the commands of everybody else."""
