# SPDX-License-Identifier: Apache-2.0
"""launch.py RESULT COMMAND...: runs COMMAND; RESULT gets its status, seconds, CPU seconds and peak memory.

Linux counts the memory of a parent as that of its child until the child executes something. So the parent is
this, which imports next to nothing and has 9 MiB, not the benchmark itself.
"""
import os
import sys
import time

start = time.monotonic()
process = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ)
_, status, usage = os.wait4(process, 0)
seconds = time.monotonic() - start
with open(sys.argv[1], "w", encoding="ascii") as file:
    file.write(f"{os.waitstatus_to_exitcode(status)} {seconds} {usage.ru_utime + usage.ru_stime} {usage.ru_maxrss}")
