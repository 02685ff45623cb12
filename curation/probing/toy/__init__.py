"""A closed loop in miniature: a toy model with a planted lean, trained on a release and on a slanted copy of it.

Rules that always hold:
- it is a toy, and says so: some hundred thousand weights that read no argument; it shows that the probe sees what was
  planted and what training did, and nothing about any real model or about the release;
- release and slanted copy go through the same steps; they differ in what the release's own columns say, nowhere else.
"""
