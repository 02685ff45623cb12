"""Asking models: servers, recorded answers and a planted fake behind one protocol, with a cache and reports.

Rules that always hold:
- what is measured is decided in `curation_validators.probes`; here questions go out and answers come in;
- an API key comes from the environment, goes into one header, and stands in no file, message or log.
"""
