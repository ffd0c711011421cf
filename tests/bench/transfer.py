# SPDX-License-Identifier: Apache-2.0
"""Registry -> archive -> registry beside curl and skopeo."""
import os
import shutil
import statistics

from bench import AIRLIFT, MIB, ROUNDS, say
from process import disk_bytes, run

MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
WAYS = {"pull": "registry -> archive", "push": "archive -> registry", "direct": "registry -> registry"}
DIRECTIONS = ("pull", "push")
SYNCS = ("no sync", "sync")
# Set b takes long, and its rounds differ little.
SET_ROUNDS = {"a": ROUNDS, "b": max(1, ROUNDS // 3), "release": ROUNDS}
SYNC_ROUNDS = {"a": ROUNDS, "b": max(1, ROUNDS // 5), "release": ROUNDS}
# The last image of a set names the others.
SKOPEO_SAMPLE = {"a": 101, "b": 40, "release": 190}
BESIDE_MINIMUM = "... beside curl that also makes the POSTs and PUTs the manifests"
# Runs a command and syncs the file system of its first argument.
AND_SYNC = ["sh", "-c", 'target=$1; shift; "$@" && sync -f "$target"', "sh"]


class Transfer:
    """Both directions of one set of content, in rounds."""

    def __init__(self, bench, name, content, source, target):
        self.bench, self.name, self.content = bench, name, content
        self.source, self.target = source, target
        self.payload = sum(size for _, _, size in content["blobs"] + content["manifests"])
        self.archive = f"{bench.directory}/{name}.tar"
        self.files = f"{bench.directory}/{name}.files"
        self.seconds, self.peak_bytes, self.disk, self.work = {}, {}, 0, 0
        os.mkdir(self.files)

    def note(self, direction, sync, who, usage, server_cpu):
        self.seconds.setdefault((direction, sync, who), []).append(usage.seconds)
        if who == "airlift":
            self.peak_bytes[direction] = max(self.peak_bytes.get(direction, 0), usage.peak_bytes)
        say(
            f"{self.name} {direction}, {sync}: {who} {usage.seconds:.2f} s; CPU: client"
            f" {usage.cpu_seconds:.2f} s, registry {server_cpu:.2f} s"
        )

    def median(self, direction, sync, who):
        return statistics.median(self.seconds[direction, sync, who])

    def mirror_command(self, content, target):
        return ("catalog", "mirror", content["index"], target, "--insecure")

    def push_command(self, archive, target):
        return ("push", archive, target, "--insecure")

    def pushed_name(self, digest):
        """Under which a manifest is put."""
        return digest

    def pull_airlift(self, sync):
        path = self.bench.fresh()
        before = self.source.cpu_seconds()
        command = self.mirror_command(self.content, f"archive:{path}/out.tar")
        usage, _ = self.bench.airlift(path, *command, sync=sync == "sync")
        self.note("pull", sync, "airlift", usage, self.source.cpu_seconds() - before)
        self.disk = disk_bytes(f"{path}/out.tar", f"{path}/out.tar.index.json")
        self.work = disk_bytes(f"{path}/work")
        os.replace(f"{path}/out.tar", self.archive)

    def curl(self, path, lines, sync, synced, *options):
        with open(path + "/curl", "w", encoding="ascii") as file:
            file.write("\n".join(lines) + "\n")
        command = ["curl", "-sSf", "-Z", "--parallel-max", "8", *options, "-K", path + "/curl"]
        if sync == "sync":
            command = [*AND_SYNC, synced, *command]
        return run(command, path)

    def pull_curl(self, sync):
        path = self.bench.fresh()
        os.mkdir(f"{path}/files")
        lines = []
        for kind in ("blobs", "manifests"):
            for digest, repository, _ in self.content[kind]:
                lines.append(f'url = "http://{self.source.host}/v2/{repository}/{kind}/{digest}"')
                lines.append(f'output = "files/{digest[7:]}"')
        before = self.source.cpu_seconds()
        usage = self.curl(path, lines, sync, path, "-H", f"Accept: {MANIFEST_TYPE}")
        self.note("pull", sync, "curl", usage, self.source.cpu_seconds() - before)
        if not os.listdir(self.files):
            os.rmdir(self.files)
            os.rename(f"{path}/files", self.files)

    def push_airlift(self, sync):
        path = self.bench.fresh()
        self.target.clear()
        before = self.target.cpu_seconds()
        command = [AIRLIFT, *self.push_command(f"archive:{self.archive}", self.target.host), "--progress", "none"]
        command += ["--workdir", f"{path}/work", "--report", f"{path}/report"]
        if sync == "sync":
            command = [*AND_SYNC, self.target.directory, *command]
        usage = run(command, path)
        self.note("push", sync, "airlift", usage, self.target.cpu_seconds() - before)
        self.check_target(len(self.content["manifests"]))

    def push_curl(self, sync):
        path = self.bench.fresh()
        self.target.clear()
        lines = []
        for location, blob in zip(self.target.begin_uploads(self.content["blobs"]), self.content["blobs"]):
            lines += [f'url = "{location}"', f'upload-file = "{self.files}/{blob[0][7:]}"']
        before = self.target.cpu_seconds()
        usage = self.curl(
            path, lines, sync, self.target.directory, "-H", "Content-Type: application/octet-stream", "-H", "Expect:"
        )
        self.note("push", sync, "curl", usage, self.target.cpu_seconds() - before)
        self.check_target(0)

    def check_target(self, n_manifests):
        self.expect_blobs(len(self.content["blobs"]) + n_manifests)

    def expect_blobs(self, wanted):
        if self.target.count_blobs() != wanted:
            raise SystemExit(f"bench: the target has {self.target.count_blobs()} blobs, should have {wanted}")

    def push_minimum(self, sync):
        """What the protocol asks for: a POST and a PUT a blob, a PUT a manifest; curl, 8 at a time."""
        path = self.bench.fresh()
        self.target.clear()
        octets = ("-H", "Content-Type: application/octet-stream", "-H", "Expect:")
        posts, puts, manifests = [], [], []
        top = f"http://{self.target.host}/v2"
        for digest, repository, _ in self.content["blobs"]:
            posts += [f'url = "{top}/{repository}/blobs/uploads/"', 'output = "/dev/null"']
        for digest, repository, _ in self.content["manifests"]:
            manifests.append(f'url = "{top}/{repository}/manifests/{self.pushed_name(digest)}"')
            manifests.append(f'upload-file = "{self.files}/{digest[7:]}"')
        before = self.target.cpu_seconds()
        seconds = self.curl(path, posts, sync, path, "-X", "POST", "-d", "").seconds
        server = self.target.cpu_seconds() - before
        self.target.clear()
        locations = self.target.begin_uploads(self.content["blobs"])
        for location, blob in zip(locations, self.content["blobs"]):
            puts += [f'url = "{location}"', f'upload-file = "{self.files}/{blob[0][7:]}"']
        before = self.target.cpu_seconds()
        usage = self.curl(path, puts, sync, path, *octets)
        self.mount_everywhere()
        last = self.curl(path, manifests, sync, path, "-H", f"Content-Type: {MANIFEST_TYPE}", "-H", "Expect:")
        usage.seconds += seconds + last.seconds
        self.note("push", sync, "minimum", usage, server + self.target.cpu_seconds() - before)

    def mount_everywhere(self):
        """So that the manifests are accepted; few, and not timed."""
        top = self.target.directory + "/docker/registry/v2/repositories/"
        where = {digest: repository for digest, repository, _ in self.content["blobs"]}
        for repository, layers in self.content["layers"].items():
            for digest in layers:
                if where[digest] != repository:
                    link = f"{top}{repository}/_layers/sha256/{digest[7:]}"
                    os.makedirs(link, exist_ok=True)
                    with open(link + "/link", "w", encoding="ascii") as file:
                        file.write(digest)

    def round(self, number):
        for sync in SYNCS:
            if sync == "sync" and number >= SYNC_ROUNDS[self.name]:
                continue
            for direction in DIRECTIONS:
                runs = [getattr(self, f"{direction}_airlift"), getattr(self, f"{direction}_curl")]
                # Who goes first changes; curl's first pull makes the files of its pushes.
                for go in runs if number % 2 else reversed(runs):
                    go(sync)
        if number == 0:
            self.push_minimum("no sync")

    def add_rows(self):
        table = self.bench.table
        size = f"{self.name} ({self.payload / MIB:.0f} MiB, {len(self.content['manifests'])} images)"
        for direction in DIRECTIONS:
            for sync in SYNCS:
                own, floor = (self.median(direction, sync, who) for who in ("airlift", "curl"))
                what = f"set {size}: {WAYS[direction]}, {sync}"
                table.at_most(what, f"{own:.2f} s", f"curl {floor:.2f} s", own / floor, 1.3)
        own, floor = self.median("push", "no sync", "airlift"), self.median("push", "no sync", "minimum")
        table.at_most(BESIDE_MINIMUM, f"{own:.2f} s", f"curl {floor:.2f} s", own / floor, 1.3)
        used = f"{self.disk / MIB:.1f} MiB (+ {self.work / MIB:.1f} in the work directory)"
        payload = f"{self.payload / MIB:.1f} MiB"
        table.at_most(f"set {self.name}: disk / payload", used, payload, self.disk / self.payload, 1.0)
        for direction, peak_bytes in self.peak_bytes.items():
            peak = peak_bytes / MIB
            what = f"set {self.name}: {WAYS[direction]}, peak memory"
            table.at_most(what, f"{peak:.1f} MiB", "", peak, 64, " MiB")

    def skopeo_copies(self, sample, layout):
        """What its command copies, for each direction that was measured."""
        copies = {"pull": [], "push": [], "direct": []}
        for i, (name, digest) in enumerate(sample):
            source = f"docker://{self.source.host}/{name}@{digest}"
            target = f"docker://{self.target.host}/{name}:i{i}"
            copies["pull"].append(f"{source} {layout}:i{i}")
            copies["push"].append(f"{layout}:i{i} {target}")
            copies["direct"].append(f"{source} {target}")
        return {direction: pairs for direction, pairs in copies.items() if direction in self.peak_bytes}

    def compare_with_skopeo(self):
        """One image after another; a sample stands for all where all would take minutes."""
        sample = self.content["images"][: SKOPEO_SAMPLE[self.name]]
        scale = len(self.content["images"][:-1]) / len(sample)
        path = self.bench.fresh()
        for direction, pairs in self.skopeo_copies(sample, f"oci:{path}/layout").items():
            self.target.clear()
            command = "skopeo copy -q --src-tls-verify=false --dest-tls-verify=false "
            script = "\n".join(command + pair for pair in pairs)
            seconds = run(["sh", "-ec", script], path).seconds * scale
            own = self.median(direction, "no sync", "airlift")
            say(f"{self.name} {direction}: skopeo, {len(sample)} images, scaled by {scale:.1f}: {seconds:.1f} s")
            note = f"skopeo {seconds:.1f} s" + (f" ({len(sample)} images scaled)" if scale > 1 else "")
            what = f"set {self.name}: {WAYS[direction]}, times faster"
            self.bench.table.at_least(what, f"{own:.2f} s", note, seconds / own, 6)
