/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A scenario: listeners, rules and content from a text file, for the standalone program.
 *
 * One statement a line, '#' starts a comment, words are separated by blanks, a word may be put in
 * double quotes, \n \r \t \" \\ are understood inside of them. ${NAME} stands for the URL of a listener
 * that was named further up, ${NAME.host} for its host and port.
 *
 *     listener NAME [KEY=VALUE | FLAG]...   keys: fields of struct fake_options with '-' for '_';
 *                                           auth=none|basic|bearer; shares=NAME
 *     rule NAME [KEY=VALUE | FLAG]...       keys: fields of struct fake_rule with '-' for '_'
 *     image NAME REPOSITORY [KEY=VALUE]...  keys: tag, seed, n-layers, layer-size, is-docker, architecture
 *     blob NAME REPOSITORY FILE
 *     manifest NAME REPOSITORY FILE TYPE [TAG]
 *
 *     listener a auth=bearer use-tls
 *     listener cdn
 *     rule a path=/blobs/ method=GET redirect=${cdn}*
 *     rule a delay-ms=40
 */
#pragma once

#include "base/error.h"
#include "tests/fake_registry/fake_registry.h"

struct scenario_listener {
	char *name;
	struct fake_registry *registry;
};

struct scenario {
	struct scenario_listener *listeners;
	size_t n_listeners, allocated;
	struct fake_authority *authority; /* for all listeners with TLS; borrowed */
	const char *log_directory;        /* NAME.log for each listener; NULL: no log; borrowed */
};

#define SCENARIO_INIT {0}
/* Stops everything. */
void scenario_release(struct scenario *scenario);
/* Carries the statements of a text out; messages name the line. */
int scenario_run(struct scenario *scenario, const char *text, struct error *err) MUST_CHECK;
