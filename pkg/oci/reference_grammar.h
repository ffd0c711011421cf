/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The grammar of image references as `oc` reads them (openshift/library-go pkg/image/reference,
 * which follows an early release of distribution's reference package):
 *
 *   reference = name [":" tag] ["@" digest]
 *   name      = [host "/"] component *("/" component)
 *   host      = label *("." label) [":" 1*DIGIT]        upper case is allowed
 *   component = 1*[a-z0-9] *(separator 1*[a-z0-9])      separator: "." "_" "__" 1*"-"
 *   tag       = [A-Za-z0-9_] 0*127[A-Za-z0-9_.-]
 *   digest    = algorithm ":" 32*HEXDIG
 *
 * Only a name may hold '/', only a digest '@', and ':' in a name always has a '/' behind it: every
 * text has at most one reading. A first component that fits both host and component is left to the
 * caller to judge.
 *
 * Private to this module.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* A piece of somebody else's string. */
struct span {
	const char *text;
	size_t length;
};

struct reference_parts {
	struct span name;
	struct span tag;    /* length 0: none */
	struct span digest; /* length 0: none */
};

/* Whether the whole text is a reference; then *parts point into it. */
bool reference_matches(const char *text, struct reference_parts *parts);
/* The same for a text whose name has no host. */
bool reference_matches_path(const char *text, struct reference_parts *parts);

/* What is wrong with a digest that fits the grammar, in oc's words; NULL if nothing. */
const char *reference_digest_fault(struct span digest);
