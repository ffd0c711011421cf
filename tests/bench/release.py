# SPDX-License-Identifier: Apache-2.0
"""A signed release: what a set of images is measured for, and what only releases have."""
import os
import statistics

from bench import AIRLIFT, MIB, ROUNDS, say
from process import run
from transfer import BESIDE_MINIMUM, Transfer

# Exit status of what is not what it should be.
REFUSED = 4


class ReleaseTransfer(Transfer):
    """The first release of `contents` in both directions and directly; then the second one on top of it."""

    def __init__(self, bench, contents, signer, source, target):
        super().__init__(bench, "release", contents["release"], source, target)
        self.update, self.signer = contents["update"], signer

    def mirror_command(self, content, target, store=None):
        trust = ("--release-key", self.signer.key, "--signature-store", store or self.signer.store)
        return ("release", "mirror", *trust, content["index"], "--to", target, "--insecure")

    def push_command(self, archive, target):
        return ("push", "--release-key", self.signer.key, archive, target, "--insecure")

    def pushed_name(self, digest):
        """Every image of a release has a tag of its own at the mirror."""
        return digest.replace(":", "-")

    def repository(self):
        return f"{self.target.host}/openshift/release"

    def round(self, number):
        super().round(number)
        self.mirror_directly()

    def cpu_seconds(self):
        return self.source.cpu_seconds() + self.target.cpu_seconds()

    def mirror_directly(self):
        path = self.bench.fresh()
        self.target.clear()
        before = self.cpu_seconds()
        usage, _ = self.bench.airlift(path, *self.mirror_command(self.content, self.repository()), sync=False)
        self.note("direct", "no sync", "airlift", usage, self.cpu_seconds() - before)
        self.check_target(len(self.content["manifests"]))

    def add_rows(self):
        super().add_rows()
        own, table = self.median("direct", "no sync", "airlift"), self.bench.table
        pull, push, minimum = (
            self.median(direction, "no sync", who)
            for direction, who in (("pull", "curl"), ("push", "curl"), ("push", "minimum"))
        )
        for what, floor in (
            ("set release: registry -> registry, beside both floors together", pull + push),
            (BESIDE_MINIMUM, pull + minimum),
        ):
            table.at_most(what, f"{own:.2f} s", f"curl {floor:.2f} s", own / floor, 1.3)

    def new_items(self):
        """Of the second release: blobs and manifests that the first one has not."""
        known = {digest for kind in ("blobs", "manifests") for digest, _, _ in self.content[kind]}
        return [item for kind in ("blobs", "manifests") for item in self.update[kind] if item[0] not in known]

    def measure_updates(self):
        path = self.bench.fresh()
        self.target.clear()
        self.measure_update(path, "registry", self.repository())
        self.expect_blobs(len(self.content["blobs"]) + len(self.content["manifests"]) + len(self.new_items()))
        path = self.bench.fresh()
        self.measure_update(path, "archive", f"archive:{path}/out.tar")

    def measure_update(self, path, kind, target):
        """What the registry sends counts: requests that are made twice, and headers, too."""
        self.bench.airlift(path, *self.mirror_command(self.content, target), sync=False)
        os.sync()
        before = self.source.sent_bytes()
        usage, report = self.bench.airlift(path, *self.mirror_command(self.update, target), sync=False)
        sent, new = self.source.sent_bytes() - before, sum(size for _, _, size in self.new_items())
        say(
            f"update -> {kind}: {usage.seconds:.2f} s, CPU {usage.cpu_seconds:.2f} s,"
            f" {report['requests']} requests, {sent} bytes sent, {new} new, {usage.peak_bytes / MIB:.1f} MiB"
        )
        table, peak = self.bench.table, usage.peak_bytes / MIB
        what = f"second release, 15% built again, into the same {kind} ({usage.seconds:.2f} s): bytes sent / new"
        table.at_most(what, f"{sent / MIB:.1f} MiB", f"{new / MIB:.1f} MiB", sent / new, 1.02)
        table.at_most("... peak memory", f"{peak:.1f} MiB", "", peak, 64, " MiB")

    def measure_info(self):
        """Each time as if it had never been run."""
        for options in ((), ("--size",)):
            seconds, peaks = [], []
            for _ in range(ROUNDS):
                path = self.bench.fresh()
                command = ("release", "info", *options, self.content["index"], "--insecure")
                usage = run([AIRLIFT, *command, "--workdir", f"{path}/work"], path)
                seconds.append(usage.seconds)
                peaks.append(usage.peak_bytes)
            name = " ".join(("release info", *options))
            say(f"{name}: {seconds} s, {max(peaks) / MIB:.1f} MiB")
            middle, memory = statistics.median(seconds), f"{max(peaks) / MIB:.1f} MiB"
            self.bench.table.note(f"{name}: seconds, peak memory", f"{middle:.2f} s, {memory}")

    def measure_refusal(self):
        """A release that nobody has signed; nothing may have been made."""
        path = self.bench.fresh()
        os.mkdir(f"{path}/store")
        command = self.mirror_command(self.content, f"archive:{path}/out.tar", f"file://{path}/store")
        before = self.source.sent_bytes()
        usage, report = self.bench.airlift(path, *command, statuses=(REFUSED,))
        sent = self.source.sent_bytes() - before
        if any(name.startswith("out.tar") for name in os.listdir(path)):
            raise SystemExit("bench: something was written of a release that was refused")
        say(f"refused: {usage.seconds:.2f} s, {report['requests']} requests, {sent} bytes sent")
        row = ("release mirror of what nobody has signed: until it is refused", f"{usage.seconds:.2f} s")
        self.bench.table.note(*row, value=f"{report['requests']} requests")
