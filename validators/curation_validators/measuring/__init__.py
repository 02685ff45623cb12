"""The formulas of the measures: one module for each kind of question that is asked of a scope's counts."""
