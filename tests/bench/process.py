# SPDX-License-Identifier: Apache-2.0
"""One measured run of a program."""
import os
import signal
import subprocess
import sys

LAUNCH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "launch.py")


class Usage:
    def __init__(self, seconds, cpu_seconds, peak_bytes):
        self.seconds, self.cpu_seconds, self.peak_bytes = seconds, cpu_seconds, peak_bytes


def run(arguments, directory, environment=None, statuses=(0,)):
    """Runs it to its end in `directory`; what it says is kept beside it and shown if it did not work.

    The peak memory is the kernel's ru_maxrss, which is never below the 9 MiB of launch.py.
    """
    output, result = (directory.rstrip("/") + end for end in (".output", ".result"))
    with open(output, "wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-IS", LAUNCH, result, *arguments],
            cwd=directory,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
        try:
            is_launched = process.wait() == 0
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    status, usage = read_result(result) if is_launched else (None, None)
    if status not in statuses:
        with open(output, encoding="utf-8", errors="replace") as file:
            raise SystemExit(f"bench: {' '.join(arguments)}: status {status}\n{file.read()[-3000:]}")
    return usage


def read_result(path):
    with open(path, encoding="ascii") as file:
        status, seconds, cpu_seconds, peak_kib = file.read().split()
    return int(status), Usage(float(seconds), float(cpu_seconds), int(peak_kib) * 1024)


def disk_bytes(*paths):
    """What files and directories take on disk."""
    total = 0
    for path in paths:
        if os.path.isfile(path):
            total += os.stat(path).st_blocks * 512
        for parent, _, names in os.walk(path):
            total += sum(os.lstat(f"{parent}/{name}").st_blocks * 512 for name in names)
    return total
