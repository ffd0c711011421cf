# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Releases for command tests: keys, signatures and payloads. Sourced after lib.sh.
#
#     make_release_key alice
#     component=$source/dev/art@$(make_image --layer random:1000:1 "$source/dev/art")
#     release=$(make_release "$source/dev/release:4.14.1-x86_64" 4.14.1 amd64 "cli=$component")
#     sign_release alice "$release"              # into $T/store
#     airlift release verify --release-key alice.asc --signature-store "file://$T/store" "$release"
need gpg gpg-agent gpgconf python3

release_keys=()
# Where the directories gpg-NAME are: the name of a socket in them has room for a hundred characters.
release_homes=$T
[ "${#T}" -lt 60 ] || release_homes=$(mktemp -d /tmp/gpg.XXXXXX)

# GnuPG's agents are not our children; they are asked to leave before their directories go.
end_agents() {
	local name
	for name in ${release_keys[@]+"${release_keys[@]}"}; do
		gpgconf --homedir "$release_homes/gpg-$name" --kill gpg-agent 2>/dev/null
	done
	[ "$release_homes" = "$T" ] || rm -rf "$release_homes"
}
trap 'end_agents; end_everything' EXIT

# gpg_of NAME OPTION...: gpg with the key of that name. RELEASE_TIME: what it is to think the time is.
gpg_of() {
	gpg --homedir "$release_homes/gpg-$1" --batch --quiet --no-tty --pinentry-mode loopback --passphrase '' \
		${RELEASE_TIME:+--faked-system-time "$RELEASE_TIME"} "${@:2}" 2>"$T/gpg.log"
}

# make_release_key NAME [PARAMETER...]: a key pair, and the public key in $T/NAME.asc. The parameters are those
# of gpg --quick-gen-key behind the user id; default: rsa2048 sign never.
make_release_key() {
	local name=$1
	shift
	[ $# -gt 0 ] || set -- rsa2048 sign never
	mkdir -m 700 "$release_homes/gpg-$name"
	release_keys+=("$name")
	gpg_of "$name" --quick-gen-key "$name <$name@example.com>" "$@" ||
		bail_out "gpg: $(cat "$T/gpg.log")"
	gpg_of "$name" --armor --export >"$T/$name.asc"
}

# release_fingerprint NAME
release_fingerprint() {
	gpg_of "$1" --with-colons --list-keys | awk -F: '$1 == "fpr" {print $10; exit}'
}

# claim DIGEST [REFERENCE]: what a signature says, in JSON.
claim() {
	printf '{"critical":{"image":{"docker-manifest-digest":"%s"},"type":"atomic container signature",' "$1"
	printf '"identity":{"docker-reference":"%s"}},' "${2:-registry.example/openshift/release:signed}"
	printf '"optional":{"creator":"tests","timestamp":1483228800}}'
}

# signature_file DIGEST [STORE-DIRECTORY [NUMBER]]: its name; the directory is made.
signature_file() {
	local directory=${2:-$T/store}/sha256=${1#sha256:}
	mkdir -p "$directory"
	echo "$directory/signature-${3:-1}"
}

# sign NAME: a signed message with what is on standard input.
sign() {
	gpg_of "$1" --sign
}

# sign_release NAME DIGEST [STORE-DIRECTORY [NUMBER]]: a good signature into a store.
sign_release() {
	claim "$2" | sign "$1" >"$(signature_file "${@:2}")" || bail_out "gpg: $(cat "$T/gpg.log")"
}

json_list() {
	local word separator=
	for word in "$@"; do
		printf '%s"%s"' "$separator" "$word"
		separator=', '
	done
}

# write_references VERSION COMPONENT=PULLSPEC...
write_references() {
	local version=$1 pair separator=
	shift
	printf '{"kind": "ImageStream", "apiVersion": "image.openshift.io/v1",\n'
	printf ' "metadata": {"name": "%s", "creationTimestamp": "2023-10-27T09:16:55Z"},\n' "$version"
	printf ' "spec": {"lookupPolicy": {"local": false}, "tags": ['
	for pair in "$@"; do
		printf '%s\n  {"name": "%s", "from": {"kind": "DockerImage", "name": "%s"}}' "$separator" \
			"${pair%%=*}" "${pair#*=}"
		separator=,
	done
	printf ']}}\n'
}

# The ConfigMap with the keys that a cluster trusts: FILE, a public key in ASCII.
write_update_keys() {
	cat <<-'END'
		apiVersion: v1
		kind: ConfigMap
		metadata:
		  name: release-verification
		  namespace: openshift-config-managed
		  annotations:
		    release.openshift.io/verification-config-map: ""
		data:
		  store-tests: https://store.invalid/signatures
		  verifier-public-key-tests: |
	END
	sed 's/^/    /' "$1"
}

# write_release DIRECTORY VERSION COMPONENT=PULLSPEC...: release-manifests/ in a fresh directory. Of
# make_release:
#   RELEASE_PREVIOUS   versions that can be updated to this one, default none
#   RELEASE_KEYS       a file with public keys, for the payload's update keys
write_release() {
	local manifests=$1/release-manifests version=$2
	rm -rf "$1"
	mkdir -p "$manifests"
	write_references "${@:2}" >"$manifests/image-references"
	# shellcheck disable=SC2086 # words are meant
	printf '{"kind": "cincinnati-metadata-v0", "version": "%s", "previous": [%s], "metadata": {}}\n' \
		"$version" "$(json_list ${RELEASE_PREVIOUS:-})" >"$manifests/release-metadata"
	printf 'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: openshift-demo\n' \
		>"$manifests/0000_50_demo_00-namespace.yaml"
	[ -z "${RELEASE_KEYS:-}" ] ||
		write_update_keys "$RELEASE_KEYS" >"$manifests/0000_90_cluster-update-keys_configmap.yaml"
}

# make_release HOST/REPOSITORY[:TAG] VERSION ARCHITECTURE COMPONENT=PULLSPEC...: a release image; prints its
# digest. The architecture is that of its config, amd64. RELEASE_BASE: its layer below the payload.
make_release() {
	local reference=$1 version=$2 architecture=$3
	shift 3
	write_release "$T/release-layer" "$version" "$@"
	make_image --type docker --architecture "$architecture" --label "io.openshift.release=$version" \
		--layer "${RELEASE_BASE:-random:100000:77}" --layer "$T/release-layer" "$reference"
}

# remove_base NAME DIGEST: the real registry NAME (start_registry) loses the bottom layer of an image.
remove_base() {
	local blobs=$T/registry-$1/data/docker/registry/v2/blobs/sha256 hex=${2#sha256:}
	hex=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["layers"][0]["digest"][7:])' \
		"$blobs/${hex:0:2}/$hex/data")
	rm "$blobs/${hex:0:2}/$hex/data"
}

# forge_archive FROM TO CHANGE: an archive with other records, and with right digests all the same: what somebody
# can do who has the disk for a while. CHANGE is Python: `records` is all of it but the blobs, `release` that of the
# first root.
forge_archive() {
	python3 - "$@" <<'END' || bail_out "$1 could not be forged"
import hashlib, json, re, sys

def entry(old, data):
    """A tar entry with the name of another one and these data."""
    fields = old[:124] + b"%011o\0" % len(data) + old[136:148] + b" " * 8 + old[156:512]
    return fields[:148] + b"%06o\0 " % sum(fields) + fields[156:] + data + bytes(-len(data) % 512)

archive = open(sys.argv[1], "rb").read()
place = {key: int(value) for key, value in re.findall(r"(offset|size) (\d+)", archive[-1536:-1024].decode())}
begin, end = place["offset"], place["offset"] + place["size"]
head, blobs = archive[begin:end].decode().split(' "blobs": [', 1)
records = json.loads(head + ' "blobs": []}')
release = records["roots"][0]["release"]
exec(sys.argv[3])
del records["blobs"]
text = json.dumps(records, indent=1)[:-2] + ',\n "blobs": [' + blobs
without_id = text.replace(records["id"], "", 1)
text = text.replace(records["id"], hashlib.sha256(without_id.encode()).hexdigest(), 1).encode()
trailer = f"airlift-archive 1\noffset {begin}\nsize {len(text)}\ndigest sha256:{hashlib.sha256(text).hexdigest()}\n"
with open(sys.argv[2], "wb") as out:
    out.write(archive[:begin - 512] + entry(archive[begin - 512:], text) + archive[end + -end % 512:-1536])
    out.write(trailer.encode().ljust(512, b"\0") + bytes(1024))
with open(sys.argv[2] + ".index.json", "wb") as out:
    out.write(text)
END
}

# serve_directory NAME DIRECTORY: over http; $NAME becomes its host:port, the log is $T/NAME.http.
serve_directory() {
	python3 -u -m http.server 0 --bind 127.0.0.1 --directory "$2" >"$T/$1.port" 2>"$T/$1.http" &
	started+=($!)
	wait_for 10 grep -qs '^Serving' "$T/$1.port" || bail_out "http.server: $(cat "$T/$1.http")"
	printf -v "$1" '127.0.0.1:%s' "$(sed -n 's/^Serving.* port \([0-9]*\).*/\1/p' "$T/$1.port")"
}
