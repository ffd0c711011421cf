#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the content that the benchmark moves. The same arguments give the same bytes.

    content.py storage DIRECTORY HOST
    content.py fake KIND DIRECTORY HOST

`storage` writes the files of a distribution registry (its filesystem layout) below DIRECTORY with the
sets "a" and "b" and the large catalog "c", and DIRECTORY/content.json, which says what is in them.
`fake` writes blobs and manifests as files, and DIRECTORY/scenario with the statements that give them to
the fake registry's listener "a".

A process of its own, so that the one that measures stays small: Linux counts the memory of a parent
as that of its child until the child executes something.
"""
import gzip
import hashlib
import io
import json
import os
import random
import sys
import tarfile

MIB = 1 << 20
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
LABEL = "operators.operatorframework.io.index.configs.v1"

SET_A_IMAGES, SET_A_BLOBS, SET_A_BLOB_BYTES = 101, 105, 8 * MIB
SET_B_IMAGES, SET_B_REPOSITORIES, SET_B_BASES = 2000, 400, 40
CATALOG_FILES, CATALOG_BYTES = 400, 118_000_000


def to_json(value):
    return json.dumps(value, separators=(",", ":")).encode()


class Content:
    """Blobs, manifests and tags of repositories; a subclass keeps the bytes."""

    def __init__(self):
        self.blobs = {}  # digest -> (repository of its first use, size)
        self.manifests = {}
        self.images = []  # (repository, digest)
        self.layers = {}  # repository -> digests of its blobs

    def keep(self, repository, digest, data, media_type, tag):
        raise NotImplementedError

    def blob(self, repository, data):
        digest = "sha256:" + hashlib.sha256(data).hexdigest()
        self.keep(repository, digest, data, None, None)
        self.blobs.setdefault(digest, (repository, len(data)))
        self.layers.setdefault(repository, {})[digest] = None
        return {"mediaType": LAYER, "digest": digest, "size": len(data)}

    def manifest(self, repository, media_type, data, tag=None):
        digest = "sha256:" + hashlib.sha256(data).hexdigest()
        self.keep(repository, digest, data, media_type, tag)
        self.manifests.setdefault(digest, (repository, len(data)))
        return {"mediaType": media_type, "digest": digest, "size": len(data)}

    def image(self, repository, layers, labels=None, tag=None, marker="", is_child=False):
        config = self.blob(
            repository,
            to_json(
                {
                    "architecture": "amd64",
                    "os": "linux",
                    "config": {
                        "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin", "container=oci"],
                        "Labels": labels or {"name": repository, "marker": marker, "io.k8s.description": "x" * 900},
                    },
                    "rootfs": {"type": "layers", "diff_ids": [layer["digest"] for layer in layers]},
                }
            ),
        )
        config["mediaType"] = CONFIG
        data = to_json({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers})
        descriptor = self.manifest(repository, MANIFEST, data, tag)
        if not is_child:
            self.images.append((repository, descriptor["digest"]))
        return descriptor

    def index(self, repository, children):
        data = to_json({"schemaVersion": 2, "mediaType": INDEX, "manifests": children})
        self.images.append((repository, self.manifest(repository, INDEX, data)["digest"]))

    def describe(self, index):
        return {
            "index": index,
            "blobs": [[digest, *where] for digest, where in self.blobs.items()],
            "manifests": [[digest, *where] for digest, where in self.manifests.items()],
            "images": self.images,
            "layers": {repository: list(layers) for repository, layers in self.layers.items()},
        }


class Storage(Content):
    """The filesystem driver's layout, written directly: many times faster than pushing."""

    def __init__(self, directory):
        super().__init__()
        self.root = directory + "/docker/registry/v2"

    def write(self, path, data):
        path = f"{self.root}/{path}"
        if not os.path.exists(path):
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(data)

    def keep(self, repository, digest, data, media_type, tag):
        name, link = digest.removeprefix("sha256:"), digest.encode()
        place = f"repositories/{repository}/" + ("_manifests" if media_type else "_layers")
        self.write(f"blobs/sha256/{name[:2]}/{name}/data", data)
        self.write(f"{place}/{'revisions/' if media_type else ''}sha256/{name}/link", link)
        if tag:
            self.write(f"{place}/tags/{tag}/current/link", link)
            self.write(f"{place}/tags/{tag}/index/sha256/{name}/link", link)


class Files(Content):
    """Files for the fake registry, and the statements that name them."""

    def __init__(self, directory):
        super().__init__()
        self.directory, self.statements, self.known = directory, [], set()

    def keep(self, repository, digest, data, media_type, tag):
        path = f"{self.directory}/{digest[7:]}"
        if (repository, digest) in self.known:
            return
        self.known.add((repository, digest))
        if not os.path.exists(path):
            with open(path, "wb") as file:
                file.write(data)
        kind = "manifest" if media_type else "blob"
        self.statements.append(" ".join(filter(None, (kind, "a", repository, path, media_type, tag))))


def pack(files):
    """A gzip layer with these files, and the same bytes each time."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path, data in files:
            member = tarfile.TarInfo(path)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return gzip.compress(out.getvalue(), 6, mtime=0)


def bundle(package, number, images, text):
    return {
        "schema": "olm.bundle",
        "name": f"{package}.v1.{number}.0",
        "package": package,
        "image": images[0],
        "properties": [
            {"type": "olm.package", "value": {"packageName": package, "version": f"1.{number}.0"}},
            {"type": "olm.csv.metadata", "value": {"description": text, "keywords": ["a", "b"]}},
        ],
        "relatedImages": [{"name": f"image-{i}", "image": image} for i, image in enumerate(images)],
    }


def catalog_files(images, n_files, text_of):
    """One file a package; `images` are shared out among them."""
    files = []
    for i in range(n_files):
        own = images[i::n_files]
        documents = [{"schema": "olm.package", "name": f"package-{i}", "defaultChannel": "stable"}]
        documents += [bundle(f"package-{i}", j, own[j : j + 4], text_of(i, j)) for j in range(len(own))]
        files.append((f"configs/package-{i}/catalog.json", b"\n".join(map(to_json, documents))))
    return files


def push_index(content, repository, host, n_files):
    images = [f"{host}/{name}@{digest}" for name, digest in content.images]
    layer = content.blob(repository, pack(catalog_files(images, n_files, lambda i, j: f"{i} {j}")))
    content.image(repository, [layer], {LABEL: "/configs"}, tag="v1")
    return f"{host}/{repository}:v1"


def make_set_a(content, host):
    source = random.Random(1)
    blobs = [(i, source.getrandbits(64)) for i in range(SET_A_BLOBS)]
    for i in range(SET_A_IMAGES):
        # The first images have the blobs that are left over.
        seeds = [seed for number, seed in blobs if number % SET_A_IMAGES == i]
        repository = f"a/image-{i}"
        # Compressed already, as real layers are: skopeo would compress anything else.
        layers = [gzip.compress(random.Random(seed).randbytes(SET_A_BLOB_BYTES), 0, mtime=0) for seed in seeds]
        content.image(repository, [content.blob(repository, layer) for layer in layers], marker=str(i))
    return push_index(content, "a/index", host, 20)


def make_set_b(content, host):
    """Versions of a repository share its own layer, repositories share their base."""
    source = random.Random(2)
    bases = [source.randbytes(source.randrange(64 << 10, 320 << 10)) for _ in range(SET_B_BASES)]
    own = [source.randbytes(source.randrange(4 << 10, 32 << 10)) for _ in range(SET_B_REPOSITORIES)]
    for i in range(SET_B_IMAGES):
        number = i % SET_B_REPOSITORIES
        repository = f"b/image-{number}"
        parts = (bases[number % SET_B_BASES], own[number], source.randbytes(source.randrange(2 << 10, 14 << 10)))
        layers = [content.blob(repository, gzip.compress(part, 0, mtime=0)) for part in parts]
        content.image(repository, layers, marker=str(i))
    return push_index(content, "b/index", host, 100)


def make_large_catalog(content, host):
    """Sizes of a real catalog: most of a file is a bundle's description, much like the one before."""
    source = random.Random(3)
    words = ["".join(source.choices("abcdefghijklmnopqrstuvwxyz", k=source.randrange(2, 11))) for _ in range(4000)]
    images = [f"{host}/c/image-{i % 300}@sha256:{i:064x}" for i in range(8000)]
    length = CATALOG_BYTES // len(images) - 1100
    common = [" ".join(source.choices(words, k=length // 7)) for _ in range(CATALOG_FILES)]

    def text_of(i, j):
        """Most of it is as in the version before; a part of the bytes is escaped."""
        text = common[i] + " ".join(source.choices(words, k=length // 5))
        return text[:length].replace(" a", '\n\t"a')

    layer = content.blob("c/index", pack(catalog_files(images, CATALOG_FILES, text_of)))
    content.image("c/index", [layer], {LABEL: "/configs"}, tag="v1")
    return f"{host}/c/index:v1"


def make_storage(directory, host):
    described = {}
    for name, make in (("a", make_set_a), ("b", make_set_b), ("c", make_large_catalog)):
        content = Storage(directory)
        described[name] = content.describe(make(content, host))
    with open(directory + "/content.json", "w", encoding="ascii") as file:
        json.dump(described, file)


def make_small_images(content, count, n_repositories):
    layers = [os.urandom(200) for _ in range(50)]
    for i in range(count):
        repository = f"d/image-{i % n_repositories}"
        content.image(repository, [content.blob(repository, layers[i % n_repositories % 50])], marker=str(i))


def make_indexes(content, count, n_repositories):
    """Images for four architectures."""
    layers = [os.urandom(200) for _ in range(50)]
    for i in range(count):
        repository, children = f"d/image-{i % n_repositories}", []
        for name in ("amd64", "arm64", "ppc64le", "s390x"):
            layer = content.blob(repository, layers[i % n_repositories % 50])
            child = content.image(repository, [layer], marker=f"{i} {name}", is_child=True)
            children.append({**child, "platform": {"architecture": name, "os": "linux"}})
        content.index(repository, children)


def make_fake(kind, directory, host):
    content = Files(directory)
    if kind == "indexes":
        make_indexes(content, 6000, 1000)
    elif kind == "flat":
        make_small_images(content, 30000, 1000)
    elif kind == "2000":
        make_small_images(content, 2000, 400)
    else:
        for i in range(4):
            layer = content.blob("d/large", random.Random(i).randbytes(64 * MIB))
            content.image("d/large", [layer], marker=str(i))
    index = push_index(content, "d/index", host, 100 if len(content.images) > 100 else 1)
    with open(directory + "/scenario", "w", encoding="ascii") as file:
        file.write("\n".join(content.statements) + "\n")
    with open(directory + "/content.json", "w", encoding="ascii") as file:
        json.dump(content.describe(index), file)


if __name__ == "__main__":
    if sys.argv[1] == "storage":
        make_storage(*sys.argv[2:])
    else:
        make_fake(*sys.argv[2:])
