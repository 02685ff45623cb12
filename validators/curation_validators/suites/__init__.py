"""Great Expectations suites over a release, and the engines that count for them. They need the extra «validate»."""
