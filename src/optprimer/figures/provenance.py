"""Where the numbers of a figure came from, in the one form that is written into every file."""

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Provenance:
    """Where a figure's numbers came from."""

    run: str  # name of the run, which is that of its scale unless the user renamed it
    seed: int  # global seed of the run
    run_digest: str  # of settings, Python and versions; the run's manifest.json has it too
    data: str  # the data set as measured, ``digits`` or ``cifar10-jpeg75-16``, say
    version: str  # of optprimer

    def text(self) -> str:
        """Return the provenance as one line of JSON."""
        return json.dumps(asdict(self))
