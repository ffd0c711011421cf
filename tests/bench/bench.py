# SPDX-License-Identifier: Apache-2.0
"""What the measurements share: settings, the table, runs of airlift in a fresh directory."""
import json
import os
import shutil
import sys

from process import run

HERE = os.path.dirname(os.path.abspath(__file__))
PROJECT = os.path.dirname(os.path.dirname(HERE))
AIRLIFT = os.environ.get("AIRLIFT", PROJECT + "/build/airlift")
FAKE_REGISTRY = os.environ.get("FAKE_REGISTRY", PROJECT + "/build/release/fake_registry")
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
RELEASE_MIB = float(os.environ.get("BENCH_RELEASE_MIB", "800"))
PARTS = ("a", "b", "release", "skopeo", "catalog", "memory", "scheduled", "latency", "cuts")
ONLY = os.environ.get("BENCH_ONLY", ",".join(PARTS)).split(",")
MIB = 1 << 20


def say(text):
    print("# " + text, file=sys.stderr, flush=True)


class Table:
    """The rows, in the order in which they are added."""

    def __init__(self):
        self.rows = []

    def add(self, what, airlift, other, value, bar, is_met):
        self.rows.append((what, airlift, other, value, bar, "yes" if is_met else "NO"))

    def at_most(self, what, airlift, other, value, limit, unit=""):
        self.add(what, airlift, other, f"{value:.2f}{unit}", f"<= {limit:g}{unit}", round(value, 2) <= limit)

    def at_least(self, what, airlift, other, value, limit, unit=""):
        self.add(what, airlift, other, f"{value:.1f}{unit}", f">= {limit:g}{unit}", value >= limit)

    def note(self, what, airlift, other="", value=""):
        """No bar was set for it."""
        self.rows.append((what, airlift, other, value, "", ""))

    def print(self):
        head = ("what", "airlift", "compared with", "value", "bar", "met")
        rows = [head, *self.rows]
        widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
        for number, row in enumerate(rows):
            print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |")
            if not number:
                print("|" + "|".join("-" * (width + 2) for width in widths) + "|")


class Bench:
    def __init__(self, directory):
        self.directory = directory
        self.table = Table()
        self.number = 0

    def fresh(self):
        """An empty directory, after everything before it has reached the disk."""
        path = f"{self.directory}/run"
        shutil.rmtree(path, ignore_errors=True)
        os.mkdir(path)
        os.sync()
        return path

    def airlift(self, path, *arguments, sync=True, statuses=(0,)):
        """A run with a work directory of its own, and its report."""
        options = ["--workdir", f"{path}/work", "--report", f"{path}/report", "--progress", "none"]
        environment = {} if sync else {"AIRLIFT_NO_SYNC": "1"}
        usage = run([AIRLIFT, *arguments, *options], path, environment, statuses)
        with open(f"{path}/report", encoding="utf-8") as file:
            return usage, json.load(file)
