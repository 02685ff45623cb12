"""Label Studio as a place to review in: an annotation surface, never a record.

Rules that always hold:
- what is in Label Studio is somebody's word, to be checked; what counts is in the log, by the same command as every
  other review;
- only `client` imports the SDK, so that the rest is plain code that is tested without a server;
- a row that belongs to a person is sealed under that person's key and names neither them nor a seat: whoever reads the
  database learns no more of who reviewed what than before.
"""
