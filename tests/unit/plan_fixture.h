/* SPDX-License-Identifier: Apache-2.0 */
/* A source registry, a client and a work directory, for tests of source, plan and mirror. */
#pragma once

#include <string.h>

#include "plan/plan.h"
#include "tests/fake_registry/fake_registry.h"
#include "tests/tap.h"

struct plan_fixture {
	struct fake_registry *registry; /* the source */
	struct fake_registry *target;   /* or NULL */
	struct http_client *http;
	struct registry_options options; /* the client borrows its lists of hosts */
	struct registry_client *client;
	struct source *source;
	struct manifest_cache *cache;
	struct progress progress;
	struct plan *plan;
};

static inline void plan_fixture_open(struct plan_fixture *fixture, const struct fake_options *options,
				     bool with_target)
{
	struct error err = ERROR_INIT;

	*fixture = (struct plan_fixture){.registry = fake_registry_start(options)};
	if (with_target)
		fixture->target = fake_registry_start(&(struct fake_options){0});
	EXPECT_OK(http_client_new(&fixture->http, &(struct http_options){0}, &err), &err);
	struct registry_options *registry = &fixture->options;
	registry->http = fixture->http;
	registry->retry = (struct retry_policy){.max_attempts = 3, .delay_ms = 1};
	for (int side = 0; side < 2; side++) {
		registry->sides[side].is_insecure = true;
		strvec_push(&registry->sides[side].insecure_hosts, fake_registry_host(fixture->registry));
		if (with_target)
			strvec_push(&registry->sides[side].insecure_hosts,
				    fake_registry_host(fixture->target));
	}
	EXPECT_OK(registry_client_new(&fixture->client, registry, &err), &err);
	fixture->source = source_new_registry(fixture->client);
	EXPECT_OK(manifest_cache_open(&fixture->cache, test_directory(), &err), &err);
	fixture->plan = plan_new(fixture->source, fixture->cache);
}

static inline void plan_fixture_close(struct plan_fixture *fixture)
{
	plan_free(fixture->plan);
	manifest_cache_free(fixture->cache);
	source_free(fixture->source);
	registry_client_free(fixture->client);
	for (int side = 0; side < 2; side++)
		strvec_release(&fixture->options.sides[side].insecure_hosts);
	http_client_free(fixture->http);
	fake_registry_stop(fixture->target);
	fake_registry_stop(fixture->registry);
}

/* "a/b:v1" or "a/b@sha256:..." at the fixture's registry. */
static inline struct plan_image *plan_fixture_add(struct plan_fixture *fixture, const char *path)
{
	CLEANUP(free_string) char *name = xasprintf("%s/%s", fake_registry_host(fixture->registry), path);
	struct reference reference = REFERENCE_INIT;
	struct source_image from = {0};
	struct error err = ERROR_INIT;

	EXPECT_OK(reference_parse(&reference, name, &err), &err);
	EXPECT_OK(source_image_init_registry(&from, fixture->source, name, &reference, &err), &err);
	struct plan_image *image = plan_add_image(fixture->plan, name, &from);
	if (*reference.id) {
		image->is_pinned = true;
		EXPECT_OK(reference_digest(&reference, &image->digest, &err), &err);
	}
	reference_release(&reference);
	return image;
}

static inline struct plan_image *plan_fixture_add_digest(struct plan_fixture *fixture, const char *repository,
							 const struct digest *digest)
{
	char text[DIGEST_TEXT_SIZE];
	CLEANUP(free_string) char *path = xasprintf("%s@%s", repository, digest_format(digest, text));

	return plan_fixture_add(fixture, path);
}

static inline void plan_fixture_resolve(struct plan_fixture *fixture, bool with_attached)
{
	struct plan_options options = {
		.workers = 8, .with_attached = with_attached, .progress = &fixture->progress};
	struct error err = ERROR_INIT;

	EXPECT_OK(plan_resolve(fixture->plan, &options, &err), &err);
	plan_seal(fixture->plan);
}
