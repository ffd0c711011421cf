#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the releases that the benchmark moves. The same arguments give the same bytes.

    release_content.py DIRECTORY HOST MIB

Writes the files of a distribution registry below DIRECTORY with two releases of about MIB mebibytes each,
and DIRECTORY/releases.json: "release", and "update", for which 15% of the components were built again.

The sharing is that of OpenShift's releases, scaled down: almost every component has the same three layers at
the bottom, a third of them has a fourth in common, and each has a layer of its own, a few with a twin.
"""
import gzip
import json
import math
import random
import sys

from content import MIB, Storage, pack, to_json

COMPONENTS, MANIFESTS = 190, 600
BASES, SECOND_BASE = (8 * MIB, 4 * MIB, 2 * MIB), 5 * MIB
# What the sizes below add up to.
USUAL_MIB = 800
OWN_MEDIAN, OWN_SIGMA, OWN_LEAST, OWN_MOST = 3.6 * MIB, 0.9, 0.2 * MIB, 12 * MIB
REPOSITORY, RELEASE_REPOSITORY = "openshift-release-dev/art-dev", "openshift-release-dev/release"
VERSIONS = {"release": "4.14.1", "update": "4.14.2"}


def is_built_again(number):
    """15% of them, none of which has a twin."""
    return number % 20 in (3, 10, 17)


def has_twin_before(number):
    """"cli" and "cli-artifacts" are such a pair: the same layer in two images."""
    return number % 10 == 9


class Layers:
    """Of one release: random bytes by a seed, compressed already, as real layers are."""

    def __init__(self, content, scale):
        self.content, self.scale, self.made = content, scale, {}

    def make(self, repository, seed, size):
        if (repository, seed) not in self.made:
            data = random.Random(seed).randbytes(max(1, int(size * self.scale)))
            self.made[repository, seed] = self.content.blob(repository, gzip.compress(data, 0, mtime=0))
        return self.made[repository, seed]

    def bases(self, repository):
        return [self.make(repository, f"base {i}", size) for i, size in enumerate(BASES)]

    def own(self, number, build):
        number -= has_twin_before(number)
        size = random.Random(f"size {number}").lognormvariate(math.log(OWN_MEDIAN), OWN_SIGMA)
        return self.make(REPOSITORY, f"own {number} {build}", min(max(size, OWN_LEAST), OWN_MOST))


def make_component(content, layers, number, name):
    build = name if is_built_again(number) else "any"
    parts = []
    # A few, like the operating system itself, begin with nothing.
    if number % 19:
        parts = layers.bases(REPOSITORY)
        if number % 3 == 0:
            parts.append(layers.make(REPOSITORY, "second base", SECOND_BASE))
    parts.append(layers.own(number, build))
    return content.image(REPOSITORY, parts, marker=f"{number} {build}")["digest"]


def image_references(version, host, digests):
    tags = []
    for number, digest in enumerate(digests):
        annotations = {
            "io.openshift.build.commit.id": f"{random.Random(digest).getrandbits(160):040x}",
            "io.openshift.build.commit.ref": "",
            "io.openshift.build.source-location": f"https://git.example.com/openshift/component-{number}",
        }
        if number % 40 == 0:
            annotations["io.openshift.build.versions"] = f"part-{number}=1.{number}.0"
        tags.append(
            {
                "name": f"component-{number:03}",
                "annotations": annotations,
                "from": {"kind": "DockerImage", "name": f"{host}/{REPOSITORY}@{digest}"},
                "generation": None,
                "importPolicy": {},
                "referencePolicy": {"type": ""},
            }
        )
    stream = {
        "kind": "ImageStream",
        "apiVersion": "image.openshift.io/v1",
        "metadata": {"name": version, "creationTimestamp": "2023-10-27T09:16:55Z"},
        "spec": {"lookupPolicy": {"local": False}, "tags": tags},
        "status": {"dockerImageRepository": ""},
    }
    return json.dumps(stream, indent=2).encode()


def cluster_manifest(number, words):
    """Some KiB of YAML, as those of a CustomResourceDefinition."""
    source = random.Random(f"manifest {number}")
    lines = ["apiVersion: example.com/v1", "kind: Sample", "metadata:", f"  name: sample-{number}", "spec:"]
    for i in range(source.randrange(15, 80)):
        lines += [f"  {words[i]}-{i}:", "    type: string", f"    description: {' '.join(source.choices(words, k=9))}"]
    return "\n".join(lines + [""]).encode()


UPDATE_KEYS = b"""apiVersion: v1
kind: ConfigMap
metadata:
  name: release-verification
  namespace: openshift-config-managed
  annotations:
    release.openshift.io/verification-config-map: ""
data:
  store-bench: https://store.invalid/signatures
  verifier-public-key-bench: |
    The runs name another with --release-key.
"""


def payload_layer(version, host, digests):
    source = random.Random("words")
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = ["".join(source.choices(letters, k=source.randrange(3, 11))) for _ in range(2000)]
    metadata = {"kind": "cincinnati-metadata-v0", "version": version, "previous": ["4.14.0"], "metadata": {}}
    files = [("image-references", image_references(version, host, digests)), ("release-metadata", to_json(metadata))]
    for i in range(MANIFESTS - 1):
        files.append((f"0000_50_component-{i % COMPONENTS:03}_{i:03}.yaml", cluster_manifest(i, words)))
    files.append(("0000_90_cluster-update-keys_configmap.yaml", UPDATE_KEYS))
    return pack([("release-manifests/" + name, data) for name, data in files])


def make_release(directory, host, scale, name):
    content, version = Storage(directory), VERSIONS[name]
    layers = Layers(content, scale)
    digests = [make_component(content, layers, i, name) for i in range(COMPONENTS)]
    parts = layers.bases(RELEASE_REPOSITORY)
    parts.append(content.blob(RELEASE_REPOSITORY, payload_layer(version, host, digests)))
    tag = f"{version}-x86_64"
    top = content.image(RELEASE_REPOSITORY, parts, {"io.openshift.release": version}, tag=tag)
    return {**content.describe(f"{host}/{RELEASE_REPOSITORY}:{tag}"), "digest": top["digest"]}


def main():
    directory, host, mib = sys.argv[1:]
    scale = float(mib) / USUAL_MIB
    described = {name: make_release(directory, host, scale, name) for name in VERSIONS}
    with open(directory + "/releases.json", "w", encoding="ascii") as file:
        json.dump(described, file)


main()
