"""Servers started for a measurement end with it, however it ends."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from loadtest.gateway import started

SERVER = "import time; print('http://127.0.0.1:1', flush=True); time.sleep(60)"
MEASUREMENT = f"""
import signal, sys, tempfile, time
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # As nohup, and whoever began these tests, may not.
from loadtest.gateway import end_as_by_ctrl_c, started
end_as_by_ctrl_c()
server = [sys.executable, "-c", {SERVER!r}]
with tempfile.TemporaryDirectory(dir=sys.argv[1]), started(server) as it:
    print(it.pid, flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGHUP])
def test_a_measurement_told_to_end_leaves_nothing(told: signal.Signals, tmp_path: Path) -> None:
    command = [sys.executable, "-c", MEASUREMENT, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as measurement:
        assert measurement.stdout is not None
        server = Path("/proc", measurement.stdout.readline().strip())
        assert server.exists()
        measurement.send_signal(told)
        assert measurement.wait(30) == 128 + told
    assert not server.exists()
    assert not list(tmp_path.iterdir())


def test_a_server_that_does_not_start_ends_the_measurement() -> None:
    with pytest.raises(SystemExit, match="did not start"), started([sys.executable, "-c", ""]):
        pass
