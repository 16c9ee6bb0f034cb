"""What the standalone service settles for Django, and for Python."""

import os
import subprocess
import sys
from pathlib import Path


def test_tasks_may_lie_in_the_data_folder_where_they_hide_nothing_that_is_installed(tmp_path: Path) -> None:
    (tmp_path / "chores.py").write_text("told = 'from the data folder'")
    (tmp_path / "json.py").write_text("raise SystemExit('this is not json')")
    code = "import klokker.service.django_settings, json, chores; print(chores.told, json.dumps(1))"
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("KLOKKER_", "PYTHON"))}
    ended = subprocess.run(
        [sys.executable, "-c", code],
        env=kept | {"KLOKKER_HOME": str(tmp_path)},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.stdout, ended.stderr) == ("from the data folder 1\n", "")
