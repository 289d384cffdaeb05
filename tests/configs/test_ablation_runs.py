"""An ablation from its experiment file to its page, on the packaged miniature."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import paths
from harness.__main__ import main
from harness.report.ablations import ablations
from harness.report.ablations_page import ablation_pages
from harness.report.record import read_results
from harness.report.registered import registered


def test_a_sweep_becomes_a_table_whose_default_is_what_the_checkpoint_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
    small = ["language=en", "dim=null", "engine.workers=1"]
    sweep = ["-m", "+experiment=ablation/skiplist", "model=mini", "model.skiplist=stanford,words", *small]
    for words in (small, sweep):
        monkeypatch.setattr("sys.argv", ["harness", *words])
        with pytest.raises(SystemExit) as end:
            main()
        assert end.value.code == 0
    results = list(read_results(tmp_path / "runs" / "results"))
    # stanford is what the checkpoint says: the sweep found that job finished.
    assert len(results) == 2
    (one,) = ablations(results, registered(paths.configs()), 0.005)
    assert (one.setting, [level.value for level in one.levels]) == ("model.skiplist", ['"stanford"', '"words"'])
    assert "## model.skiplist: mini on mini" in ablation_pages([one], 0.005)["ablations.md"]
