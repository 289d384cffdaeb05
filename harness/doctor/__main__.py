"""`python -m harness.doctor model=NAME`: say, one line a check, whether this machine can reproduce with the model."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any, NoReturn

from harness.cli import command
from harness.config import dataset_specs, model_spec
from harness.errors import ModelError
from harness.spec import EngineSpec
from harness.typed import checked


def main() -> NoReturn:
    """Examine one model on one dataset; the exit code is 4 where a check fails."""
    # As `python -m harness` runs, so that the time measured is the one to expect.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    command("doctor", _job)


def _job(settings: Mapping[str, Any]) -> None:
    model = model_spec(settings["model"])
    datasets = dataset_specs(settings["dataset"], settings["language"])
    engine = checked(settings["engine"], EngineSpec, "engine")
    # A wrong setting is refused before torch and transformers are imported, which takes seconds.
    from harness.doctor.checks import examine  # noqa: PLC0415 - see above

    failed = []
    for check in examine(model, datasets, engine):
        sys.stdout.write(f"{check}\n")
        sys.stdout.flush()
        if check.ok is False:
            failed.append(check.name)
    if failed:
        raise ModelError(f"this machine cannot reproduce with {model.name}", got=f"FAIL {', '.join(failed)}")


if __name__ == "__main__":
    main()
