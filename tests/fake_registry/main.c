/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fake registry as a program, for command tests:
 *
 *     fake_registry [--log DIRECTORY] [--ca FILE] [--client FILE] [--client-key FILE] [SCENARIO]
 *
 * Reads the scenario ("-": standard input; none: one plain listener called "registry"), prints
 * "NAME SCHEME HOST:PORT" for each listener and then "ready", and serves until SIGTERM or SIGINT.
 * --ca writes the certificate that clients must trust, --client a certificate for clients.
 */
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "tests/fake_registry/scenario.h"

struct arguments {
	const char *log_directory, *ca_path, *client_path, *client_key_path, *scenario_path;
};

static int parse_arguments(struct arguments *arguments, int argc, char **argv)
{
	static const struct option options[] = {
		{"log", required_argument, NULL, 'l'},
		{"ca", required_argument, NULL, 'c'},
		{"client", required_argument, NULL, 'p'},
		{"client-key", required_argument, NULL, 'k'},
		{NULL, 0, NULL, 0},
	};

	for (int letter; (letter = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		if (letter == 'l')
			arguments->log_directory = optarg;
		else if (letter == 'c')
			arguments->ca_path = optarg;
		else if (letter == 'p')
			arguments->client_path = optarg;
		else if (letter == 'k')
			arguments->client_key_path = optarg;
		else
			return -1;
	}
	arguments->scenario_path = argv[optind];
	return 0;
}

static int read_scenario(const char *path, struct strbuf *text, struct error *err)
{
	if (!path) {
		strbuf_add_string(text, "listener registry");
		return 0;
	}
	return file_read(AT_FDCWD, !strcmp(path, "-") ? "/dev/stdin" : path, 16u << 20, text, err);
}

static int write_certificates(struct fake_authority *authority, const struct arguments *arguments,
			      struct error *err)
{
	const char *pem = fake_authority_pem(authority);

	if (arguments->client_path && arguments->client_key_path)
		fake_authority_write_client(authority, arguments->client_path, arguments->client_key_path);
	if (!arguments->ca_path)
		return 0;
	return file_replace(AT_FDCWD, arguments->ca_path, pem, strlen(pem), 0644, err);
}

static int run(const struct arguments *arguments, struct fake_authority *authority, const sigset_t *signals,
	       struct error *err)
{
	CLEANUP(scenario_release) struct scenario scenario = {
		.authority = authority,
		.log_directory = arguments->log_directory,
	};
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;
	int signal_number;

	if (read_scenario(arguments->scenario_path, &text, err) < 0 ||
	    write_certificates(authority, arguments, err) < 0 || scenario_run(&scenario, text.buf, err) < 0)
		return -1;
	for (size_t i = 0; i < scenario.n_listeners; i++) {
		const char *url = fake_registry_url(scenario.listeners[i].registry);
		printf("%s %.*s %s\n", scenario.listeners[i].name, (int)strcspn(url, ":"), url,
		       fake_registry_host(scenario.listeners[i].registry));
	}
	puts("ready");
	fflush(stdout);
	sigwait(signals, &signal_number);
	return 0;
}

int main(int argc, char **argv)
{
	struct arguments arguments = {0};
	struct error err = ERROR_INIT;
	sigset_t signals;

	if (parse_arguments(&arguments, argc, argv) < 0)
		return 2;
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	struct fake_authority *authority = fake_authority_new();
	int result = run(&arguments, authority, &signals, &err);
	if (result < 0)
		fprintf(stderr, "fake_registry: %s\n", err.message);
	error_clear(&err);
	fake_authority_free(authority);
	return result < 0 ? 1 : 0;
}
