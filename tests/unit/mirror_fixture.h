/* SPDX-License-Identifier: Apache-2.0 */
/* A plan from one registry, a second registry and a spool. */
#pragma once

#include "mirror/mirror.h"
#include "tests/unit/plan_fixture.h"

struct mirror_fixture {
	struct plan_fixture plan;
	struct blob_store *spool;
	struct mirror *mirror;
	struct mirror_options options;
};

static inline void mirror_fixture_open(struct mirror_fixture *fixture)
{
	CLEANUP(free_string) char *spool = xasprintf("%s/spool", test_directory());
	struct error err = ERROR_INIT;

	*fixture = (struct mirror_fixture){0};
	plan_fixture_open(&fixture->plan, &(struct fake_options){0}, true);
	EXPECT_OK(directory_store_open(&fixture->spool, spool, DIRECTORY_CACHE, &err), &err);
	fixture->options = (struct mirror_options){
		.jobs = 4,
		.request_jobs = 4,
		.continue_on_error = true,
		.spool = fixture->spool,
		.progress = &fixture->plan.progress,
		.client = fixture->plan.client,
		.host = fake_registry_host(fixture->plan.target),
	};
}

/* Resolves, and makes the mirror. */
static inline void mirror_fixture_start(struct mirror_fixture *fixture, bool with_attached)
{
	plan_fixture_resolve(&fixture->plan, with_attached);
	fixture->mirror = mirror_new(fixture->plan.plan, &fixture->options);
}

static inline void mirror_fixture_close(struct mirror_fixture *fixture)
{
	mirror_free(fixture->mirror);
	blob_store_free(fixture->spool);
	plan_fixture_close(&fixture->plan);
}

/* An image at the source, planned to go to `repository`:`tag`. */
static inline struct plan_image *mirror_fixture_add(struct mirror_fixture *fixture, unsigned seed,
						    const char *repository, const char *tag)
{
	struct digest digest;

	fake_registry_add_image(fixture->plan.registry, "src/image",
				&(struct fake_image){.seed = seed, .n_layers = 2, .layer_size = 3000},
				&digest);
	struct plan_image *image = plan_fixture_add_digest(&fixture->plan, "src/image", &digest);
	image->target_repository = xstrdup(repository);
	image->target_tag = tag ? xstrdup(tag) : NULL;
	return image;
}
