# SPDX-License-Identifier: Apache-2.0
"""One measured run of a program."""
import os
import subprocess
import time


class Usage:
    def __init__(self, seconds, cpu_seconds, peak_bytes):
        self.seconds, self.cpu_seconds, self.peak_bytes = seconds, cpu_seconds, peak_bytes


def run(arguments, directory, environment=None, statuses=(0,)):
    """Runs it to its end in `directory`; what it says is kept beside it and shown if it did not work.

    The peak memory is the kernel's ru_maxrss, which is never below what this process has itself.
    """
    path = directory.rstrip("/") + ".output"
    with open(path, "wb") as output:
        start = time.monotonic()
        process = subprocess.Popen(
            arguments,
            cwd=directory,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            process.kill()
            raise
        seconds = time.monotonic() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in statuses:
        with open(path, encoding="utf-8", errors="replace") as output:
            what = f"bench: {' '.join(arguments)}: status {process.returncode}"
            raise SystemExit(f"{what}\n{output.read()[-3000:]}")
    return Usage(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def disk_bytes(*paths):
    """What files and directories take on disk."""
    total = 0
    for path in paths:
        if os.path.isfile(path):
            total += os.stat(path).st_blocks * 512
        for parent, _, names in os.walk(path):
            total += sum(os.lstat(f"{parent}/{name}").st_blocks * 512 for name in names)
    return total
