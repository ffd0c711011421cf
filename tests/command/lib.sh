# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Command tests in TAP. A test is a bash script tests/command/SUBJECT.test:
#
#     #!/bin/bash
#     # SPDX-License-Identifier: Apache-2.0
#     . "$(dirname "$0")/lib.sh"
#
#     start_registry A                           # a real registry; $A is its host:port
#     digest=$(make_image --layer random:1000 "$A/a/b:v1")
#     expect_status 0 'an image is copied' airlift copy --insecure "$A/a/b:v1" oci:here
#     expect_stderr 'the size is shown' '1000 B'
#     ok 'the layout is there' test -f here/index.json
#     finish
#
# The script runs in a fresh directory ($T) with a HOME of its own, whatever it is called from; what it
# started is ended, and what it wrote removed, when it ends. `airlift` is the program under test.
set -u

COMMAND_TESTS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
PROJECT=$(cd "$COMMAND_TESTS/../.." && pwd)
AIRLIFT=${AIRLIFT:-$PROJECT/build/airlift}
FAKE_REGISTRY=${FAKE_REGISTRY:-$PROJECT/build/release/fake_registry}

T=$(mktemp -d)
export HOME=$T/home XDG_RUNTIME_DIR=$T/run XDG_CACHE_HOME=$T/cache LC_ALL=C.UTF-8
unset XDG_CONFIG_HOME REGISTRY_AUTH_FILE DOCKER_CONFIG CONTAINERS_REGISTRIES_CONF
unset http_proxy https_proxy all_proxy no_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY
mkdir -p "$HOME" "$XDG_RUNTIME_DIR"
cd "$T" || exit 1

test_number=0
test_failures=0
started=()
status=0

end_everything() {
	local pid
	# The list is empty where nothing was started.
	for pid in ${started[@]+"${started[@]}"}; do
		kill "$pid" 2>/dev/null
	done
	for pid in ${started[@]+"${started[@]}"}; do
		wait "$pid" 2>/dev/null
	done
	cd / && chmod -R u+w "$T" 2>/dev/null; rm -rf "$T"
}
trap end_everything EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

airlift() {
	"$AIRLIFT" "$@"
}

make_image() {
	"$COMMAND_TESTS/make_image" "$@"
}

# make_images <<END: each line is a command line of make_image; the digests are ${digests[@]}.
make_images() {
	mapfile -t digests < <("$COMMAND_TESTS/make_image" --batch)
}

# write_catalog DIRECTORY FORMAT BUNDLE [IMAGE]...: a catalog (json, yaml or sqlite) in a fresh directory
# that is to be a layer of an index image: a bundle and its related images.
write_catalog() {
	local directory=$1 format=$2 bundle=$3 image
	shift 3
	rm -rf "$directory"
	if [ "$format" = sqlite ]; then
		mkdir -p "$directory/database"
		{
			echo 'CREATE TABLE operatorbundle (name TEXT PRIMARY KEY, bundlepath TEXT);'
			echo 'CREATE TABLE related_image (image TEXT, operatorbundle_name TEXT);'
			echo "INSERT INTO operatorbundle VALUES ('demo.v1', '$bundle');"
			printf "INSERT INTO related_image VALUES ('%s', 'demo.v1');\n" "$@"
		} | sqlite3 "$directory/database/index.db"
		return
	fi
	mkdir -p "$directory/configs/demo"
	if [ "$format" = yaml ]; then
		{
			printf -- '---\nschema: olm.package\nname: demo\ndefaultChannel: stable\n'
			printf -- '---\nschema: olm.bundle\nname: demo.v1\npackage: demo\nimage: %s\nrelatedImages:\n' "$bundle"
			printf -- '- name: ""\n  image: %s\n' "$@"
		} >"$directory/configs/demo/catalog.yaml"
		return
	fi
	{
		printf '{"schema": "olm.package", "name": "demo", "defaultChannel": "stable"}\n'
		printf '{"schema": "olm.bundle", "name": "demo.v1", "package": "demo", "image": "%s",\n' "$bundle"
		printf '"relatedImages": [{"name": "", "image": "%s"}' "$bundle"
		for image in "$@"; do
			printf ',\n{"name": "", "image": "%s"}' "$image"
		done
		printf ']}\n'
	} >"$directory/configs/demo/catalog.json"
}

# Labels of index images, for make_image.
CONFIGS_LABEL='operators.operatorframework.io.index.configs.v1=/configs'
DATABASE_LABEL='operators.operatorframework.io.index.database.v1=/database/index.db'

# make_catalog HOST/REPOSITORY[:TAG] BUNDLE [IMAGE]...: an index image with a catalog in JSON; prints its
# digest.
make_catalog() {
	local reference=$1
	shift
	write_catalog "$T/catalog-layer" json "$@"
	make_image --label "$CONFIGS_LABEL" --layer "$T/catalog-layer" "$reference"
}

# --- results

# report STATUS NAME: one test; with a status other than 0, what the last run said is shown.
report() {
	test_number=$((test_number + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $test_number - $2"
		return 0
	fi
	test_failures=$((test_failures + 1))
	echo "not ok $test_number - $2"
	return 0
}

say() {
	printf '%s\n' "$@" | sed 's/^/# /'
}

# run COMMAND...: its output goes to $T/stdout and $T/stderr, its exit status to $status.
run() {
	status=0
	last_command=$*
	"$@" >"$T/stdout" 2>"$T/stderr" </dev/null || status=$?
	# A sanitizer ends a program with 1, which a test may be waiting for.
	if grep -qE 'Sanitizer|runtime error:' "$T/stderr"; then
		status=99
	fi
}

show_last_run() {
	say "ran: $last_command" "status: $status"
	sed 's/^/# stdout: /' "$T/stdout"
	sed 's/^/# stderr: /' "$T/stderr"
}

# expect_status STATUS NAME COMMAND...
expect_status() {
	local wanted=$1 name=$2
	shift 2
	run "$@"
	if [ "$status" -ne "$wanted" ]; then
		say "the status should be $wanted"
		show_last_run
		report 1 "$name"
	else
		report 0 "$name"
	fi
}

# ok NAME COMMAND...: status 0. not_ok: any other, but not that of a signal or a sanitizer's report.
ok() {
	local name=$1
	shift
	expect_status 0 "$name" "$@"
}

not_ok() {
	local name=$1
	shift
	run "$@"
	if [ "$status" -eq 0 ] || [ "$status" -ge 99 ]; then
		say 'this should be refused'
		show_last_run
		report 1 "$name"
	else
		report 0 "$name"
	fi
}

# expect_stdout NAME TEXT: the last run printed a line that contains TEXT; likewise expect_stderr.
expect_stdout() {
	expect_line "$1" "$2" "$T/stdout"
}

expect_stderr() {
	expect_line "$1" "$2" "$T/stderr"
}

# expect_line NAME TEXT FILE
expect_line() {
	if grep -qF -e "$2" "$3"; then
		report 0 "$1"
	else
		say "no line contains: $2"
		show_last_run
		report 1 "$1"
	fi
}

# expect_match NAME EXPRESSION FILE: likewise with an extended regular expression.
expect_match() {
	if grep -qE -e "$2" "$3"; then
		report 0 "$1"
	else
		say "no line matches: $2"
		sed 's/^/# /' "$3"
		report 1 "$1"
	fi
}

# expect_no_line NAME TEXT FILE: the file is there, may be empty, and no line of it contains TEXT.
expect_no_line() {
	if [ ! -r "$3" ]; then
		say "there is no file $3"
		report 1 "$1"
	elif ! grep -qF -e "$2" "$3"; then
		report 0 "$1"
	else
		say "a line contains: $2"
		sed 's/^/# /' "$3"
		report 1 "$1"
	fi
}

# expect_equal NAME GOT WANTED
expect_equal() {
	if [ "$2" = "$3" ]; then
		report 0 "$1"
	else
		say "got:    $2" "wanted: $3"
		report 1 "$1"
	fi
}

# expect_content NAME FILE: the file has exactly what is on standard input.
expect_content() {
	if diff -u --label wanted --label "$2" - "$2" >"$T/difference" 2>&1; then
		report 0 "$1"
	else
		sed 's/^/# /' "$T/difference"
		report 1 "$1"
	fi
}

skip() {
	test_number=$((test_number + 1))
	echo "ok $test_number - $1 # SKIP $2"
}

# skip_all WHY: ends the script.
skip_all() {
	echo "1..0 # SKIP $1"
	exit 0
}

# need PROGRAM...: skips everything where one is not installed.
need() {
	local program
	for program in "$@"; do
		command -v "$program" >/dev/null || skip_all "$program is not installed"
	done
}

# Prints the plan and ends the script.
finish() {
	# A sanitizer's report from the fake registry is a failure of its own.
	if [ -s "$T/fake/errors" ]; then
		sed 's/^/# /' "$T/fake/errors"
		report 1 'the fake registry says nothing'
	fi
	echo "1..$test_number"
	[ "$test_failures" -eq 0 ] || exit 1
	exit 0
}

# spool_files: what lies in the spools of the default work directory. It is read as $(spool_files), where a
# script cannot be ended: what is wrong is a line of its own, which no test expects.
spool_files() {
	[ -d "$XDG_CACHE_HOME/airlift" ] || {
		echo 'there is no work directory'
		return 1
	}
	find "$XDG_CACHE_HOME" -path '*.spool/*' -type f
}

# prepare_unprivileged: makes $T/own, and $T/program, since others may not reach what is in somebody's home.
prepare_unprivileged() {
	chmod 755 "$T"
	install -m 755 "$AIRLIFT" "$T/program"
	mkdir -p "$T/own/tmp"
	[ "$(id -u)" -ne 0 ] || chown 65534:65534 "$T/own" "$T/own/tmp"
}

# unprivileged COMMAND...: in $T/own, as somebody whom permissions hold back: root becomes another user for it,
# and everybody else is one already.
unprivileged() {
	local become=()
	[ "$(id -u)" -ne 0 ] || become=(setpriv --reuid 65534 --regid 65534 --clear-groups)
	(cd "$T/own" && "${become[@]}" env HOME="$T/own" TMPDIR="$T/own/tmp" XDG_CACHE_HOME="$T/own" \
		XDG_RUNTIME_DIR="$T/own" "$@")
}

# wait_for SECONDS COMMAND...: until it succeeds.
wait_for() {
	local tries=$(($1 * 50))
	shift
	until "$@"; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || return 1
		sleep 0.02
	done
}

bail_out() {
	echo "Bail out! $1"
	exit 99
}

# --- registries

# make_certificates: $T/ca.pem, and $T/server.pem with $T/server.key for 127.0.0.1 and localhost. Once.
make_certificates() {
	[ ! -f "$T/ca.pem" ] || return 0
	{
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
			-subj '/CN=test authority' -keyout "$T/ca.key" -out "$T/ca.pem" &&
			openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj '/CN=localhost' \
				-keyout "$T/server.key" -out "$T/server.csr" &&
			echo 'subjectAltName=DNS:localhost,IP:127.0.0.1' >"$T/server.ext" &&
			openssl x509 -req -in "$T/server.csr" -CA "$T/ca.pem" -CAkey "$T/ca.key" -CAcreateserial \
				-days 2 -extfile "$T/server.ext" -out "$T/server.pem"
	} 2>"$T/openssl.log" || bail_out "openssl: $(cat "$T/openssl.log")"
}

# start_token_server USER PASSWORD: with TLS, for start_registry with "token". $token_server is its
# host:port, $T/token/token.log has its requests.
start_token_server() {
	make_certificates
	"$COMMAND_TESTS/token_server" --tls "$T/server.pem" "$T/server.key" "$T/token" "$1:$2" >"$T/token.address" \
		2>"$T/token.errors" &
	started+=($!)
	wait_for 20 test -s "$T/token.address" || bail_out "token server: $(cat "$T/token.errors")"
	token_server=$(cat "$T/token.address")
}

# start_registry NAME [tls] [auth=USER:PASSWORD] [token] [delete]
#
# Starts Debian's docker-registry on a free port. $NAME becomes its host:port; its files are under
# $T/registry-NAME/data, its log is $T/registry-NAME/log. With tls: trust $T/ca.pem.
start_registry() {
	local name=$1 directory=$T/registry-$1 option
	shift
	need docker-registry
	mkdir -p "$directory"
	{
		printf 'version: 0.1\nlog:\n  level: info\nstorage:\n  filesystem:\n    rootdirectory: %s/data\n' "$directory"
		case " $* " in
		*' delete '*) printf '  delete:\n    enabled: true\n' ;;
		esac
		printf 'http:\n  addr: 127.0.0.1:0\n'
		case " $* " in
		*' tls '*)
			make_certificates
			printf '  tls:\n    certificate: %s\n    key: %s\n' "$T/server.pem" "$T/server.key"
			;;
		esac
		case " $* " in
		*' token '*)
			printf 'auth:\n  token:\n    realm: https://%s/token\n    service: test\n' "$token_server"
			printf '    issuer: test\n    rootcertbundle: %s\n' "$T/token/token.pem"
			;;
		esac
		for option in "$@"; do
			[ "${option%%=*}" = auth ] || continue
			need htpasswd
			option=${option#auth=}
			htpasswd -Bbn "${option%%:*}" "${option#*:}" >"$directory/htpasswd"
			printf 'auth:\n  htpasswd:\n    realm: test\n    path: %s/htpasswd\n' "$directory"
		done
	} >"$directory/config.yml"
	docker-registry serve "$directory/config.yml" >"$directory/log" 2>&1 &
	started+=($!)
	wait_for 10 grep -qs 'listening on' "$directory/log" || bail_out "docker-registry: $(cat "$directory/log")"
	printf -v "$name" %s "$(sed -n 's/.*listening on \([0-9.:]*\).*/\1/p' "$directory/log" | head -n 1)"
}

# start_fake <<END: the fake registry with the scenario on standard input (tests/fake_registry/scenario.h).
#
# A listener called NAME becomes $NAME (host:port); its requests are in $T/fake/NAME.log. The authority
# of its TLS listeners is $T/fake/ca.pem; $T/fake/client.pem and client.key are for clients.
start_fake() {
	local name host
	[ -x "$FAKE_REGISTRY" ] || bail_out "no fake registry at $FAKE_REGISTRY"
	mkdir -p "$T/fake"
	cat >"$T/fake/scenario"
	"$FAKE_REGISTRY" --log "$T/fake" --ca "$T/fake/ca.pem" --client "$T/fake/client.pem" \
		--client-key "$T/fake/client.key" "$T/fake/scenario" >"$T/fake/ports" 2>"$T/fake/errors" &
	started+=($!)
	wait_for 10 grep -qs '^ready' "$T/fake/ports" || bail_out "fake registry: $(cat "$T/fake/errors")"
	while read -r name _ host; do
		[ "$name" = ready ] || printf -v "$name" %s "$host"
	done <"$T/fake/ports"
}

# list_registry NAME: what one of start_registry holds, a line for each tag and manifest.
list_registry() {
	(
		cd "$T/registry-$1/data/docker/registry/v2/repositories" 2>/dev/null || exit 0
		grep -r --include=link '' . | grep '/_manifests/' | grep -v '/tags/[^/]*/index/' | LC_ALL=C sort
	)
}

# report_value KEY...: a value of the report in $T/report.json, "bytes fetched" for {"bytes": {"fetched": ..}}.
report_value() {
	python3 -c 'import json, sys
value = json.load(open(sys.argv[1]))
for key in sys.argv[2:]:
    value = value[key]
print(json.dumps(value))' "$T/report.json" "$@"
}

# repeated_blobs NAME: blobs that were asked for more than once (GET) at a fake listener. Likewise.
repeated_blobs() {
	grep -qs '^GET .*/blobs/sha256:' "$T/fake/$1.log" || {
		echo "no blob was asked for at $1"
		return 1
	}
	awk '$1 == "GET" && /\/blobs\/sha256:/ {print $2}' "$T/fake/$1.log" | sed 's/.*blobs.//' | sort | uniq -d
}

# count_requests NAME [PATTERN]: how many requests of a fake listener match (grep -E over its log).
count_requests() {
	grep -cE -e "${2:-.}" "$T/fake/$1.log"
}
