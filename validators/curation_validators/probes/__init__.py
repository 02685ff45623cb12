"""Probes: what a model does on contested topics, measured before and after training. docs/probes.md explains them.

Rules that always hold (pure, but for reading the instruments that come with this package):
- items in, log-probabilities or texts in, figures out; who asks the model is not known here;
- what was not measured is counted and named, and never stands as a zero.
"""
