"""Run the suites and the engines over folders, in a process of its own: prints one JSON object a folder.

Great Expectations warns when it is imported, takes seconds, and Spark starts a Java machine: neither belongs into the
process of every other test.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from curation.validating.sources import BundleRows
from curation_validators.counting import LocalEngine, count_release
from curation_validators.measures import measure_release
from curation_validators.suites.engines import PandasEngine, SparkEngine, local_session
from curation_validators.suites.running import run_suites
from tests.support.balanced import SHAPES, checked


def main(engine: str, *folders: str) -> None:
    """Count each folder with an engine, compare with plain Python, and run the suites."""
    for folder in folders:
        source = BundleRows(Path(folder))
        plain = count_release(LocalEngine(source.rows))
        made = SparkEngine(local_session(), Path(folder)) if engine == "spark" else PandasEngine(source.rows)
        counts = count_release(made)
        validation = checked(source)
        ended = run_suites(validation, measure_release(counts, SHAPES))
        suites = {item.name: [item.outcome, item.severity] for item in ended}
        print(json.dumps({"same": counts == plain, "suites": suites}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
