/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/plan_fixture.h"

#include <stdlib.h>

TEST(an_image_gives_its_manifest_config_and_layers)
{
	struct plan_fixture fixture;

	plan_fixture_open(&fixture, &(struct fake_options){0}, false);
	fake_registry_add_image(fixture.registry, "a/b",
				&(struct fake_image){.tag = "v1", .n_layers = 3, .layer_size = 1000}, NULL);
	struct plan_image *image = plan_fixture_add(&fixture, "a/b:v1");
	plan_fixture_resolve(&fixture, false);
	EXPECT(plan_image_takes_part(image));
	EXPECT(fixture.plan->n_manifests == 1);
	EXPECT(fixture.plan->n_blobs_used == 4);
	EXPECT(fixture.plan->total_bytes > 3000);
	plan_fixture_close(&fixture);
}

TEST(blobs_that_images_share_are_counted_once)
{
	struct plan_fixture fixture;
	struct fake_image same = {.tag = "v1", .n_layers = 2, .layer_size = 500};

	plan_fixture_open(&fixture, &(struct fake_options){0}, false);
	fake_registry_add_image(fixture.registry, "a/b", &same, NULL);
	fake_registry_add_image(fixture.registry, "c/d", &same, NULL);
	plan_fixture_add(&fixture, "a/b:v1");
	plan_fixture_add(&fixture, "c/d:v1");
	plan_fixture_resolve(&fixture, false);
	EXPECT(fixture.plan->n_blobs_used == 3);
	for (size_t i = 0; i < fixture.plan->n_blobs; i++)
		EXPECT(fixture.plan->blobs[i].n_uses == 2);
	plan_fixture_close(&fixture);
}

/* An index of two platforms, one of which is in a second index around the first. */
static void add_nested_index(struct fake_registry *registry, struct digest *digest)
{
	struct fake_image platforms[] = {
		{.seed = 1, .n_layers = 1, .layer_size = 100},
		{.seed = 2, .n_layers = 1, .layer_size = 100, .architecture = "arm64"}};
	struct digest inner;
	char text[DIGEST_TEXT_SIZE];

	fake_registry_add_image(registry, "a/b", &platforms[0], NULL);
	fake_registry_add_image(registry, "a/b", &platforms[1], NULL);
	fake_registry_add_index(registry, "a/b", "inner", false, platforms, 2, &inner);
	CLEANUP(free_string) char *bytes = fake_registry_read_manifest(registry, "a/b", "inner");
	CLEANUP(free_string) char *outer = xasprintf(
		"{\"schemaVersion\":2,\"mediaType\":\"%s\",\"manifests\":[{\"mediaType\":\"%s\",\"size\":%zu,"
		"\"digest\":\"%s\"}]}",
		MEDIA_TYPE_OCI_INDEX, MEDIA_TYPE_OCI_INDEX, strlen(bytes), digest_format(&inner, text));
	fake_registry_add_manifest(registry, "a/b", "outer", MEDIA_TYPE_OCI_INDEX, outer, strlen(outer),
				   digest);
}

static int note_order(uint32_t manifest, void *context)
{
	struct plan *plan = context;

	for (uint32_t i = 0; i < plan->manifests[manifest].n_children; i++)
		EXPECT(plan->is_manifest_used[plan->children[plan->manifests[manifest].first_child + i]]);
	plan->is_manifest_used[manifest] = true;
	return 0;
}

TEST(nested_indexes_are_followed_and_walked_children_first)
{
	struct plan_fixture fixture;

	plan_fixture_open(&fixture, &(struct fake_options){0}, false);
	add_nested_index(fixture.registry, NULL);
	struct plan_image *image = plan_fixture_add(&fixture, "a/b:outer");
	plan_fixture_resolve(&fixture, false);
	EXPECT(plan_image_takes_part(image));
	EXPECT(fixture.plan->n_manifests == 4);
	memset(fixture.plan->is_manifest_used, 0, fixture.plan->n_manifests * sizeof(bool));
	plan_walk(fixture.plan, image, note_order, fixture.plan);
	EXPECT(fixture.plan->is_manifest_used[image->top]);
	plan_fixture_close(&fixture);
}

TEST(a_platform_alone_makes_its_manifest_the_top)
{
	struct plan_fixture fixture;
	struct platform wanted = {
		.os = (char *)"linux", .architecture = (char *)"arm64", .variant = (char *)""};
	struct error err = ERROR_INIT;

	plan_fixture_open(&fixture, &(struct fake_options){0}, false);
	add_nested_index(fixture.registry, NULL);
	struct plan_image *image = plan_fixture_add(&fixture, "a/b:inner");
	struct plan_options options = {.workers = 2, .platform = &wanted, .progress = &fixture.progress};
	EXPECT_OK(plan_resolve(fixture.plan, &options, &err), &err);
	plan_seal(fixture.plan);
	EXPECT(plan_image_takes_part(image));
	EXPECT(!manifest_type_is_index((enum manifest_type)fixture.plan->manifests[image->top].type));
	EXPECT(fixture.plan->n_blobs_used == 2);
	plan_fixture_close(&fixture);
}

TEST(an_unknown_platform_names_those_that_there_are)
{
	struct plan_fixture fixture;
	struct platform wanted = {
		.os = (char *)"linux", .architecture = (char *)"s390x", .variant = (char *)""};
	struct error err = ERROR_INIT;

	plan_fixture_open(&fixture, &(struct fake_options){0}, false);
	add_nested_index(fixture.registry, NULL);
	struct plan_image *image = plan_fixture_add(&fixture, "a/b:inner");
	struct plan_options options = {.workers = 2, .platform = &wanted, .progress = &fixture.progress};
	EXPECT_OK(plan_resolve(fixture.plan, &options, &err), &err);
	EXPECT(image->failure.code == ERROR_NOT_FOUND);
	EXPECT(image->failure.message && strstr(image->failure.message, "linux/arm64"));
	plan_fixture_close(&fixture);
}

TEST(one_missing_image_costs_one_image)
{
	struct plan_fixture fixture;

	plan_fixture_open(&fixture, &(struct fake_options){0}, false);
	fake_registry_add_image(fixture.registry, "a/b",
				&(struct fake_image){.tag = "v1", .n_layers = 1, .layer_size = 10}, NULL);
	struct plan_image *missing = plan_fixture_add(&fixture, "a/gone:v1");
	struct plan_image *present = plan_fixture_add(&fixture, "a/b:v1");
	plan_fixture_resolve(&fixture, false);
	EXPECT(missing->failure.code == ERROR_NOT_FOUND);
	EXPECT(plan_image_takes_part(present));
	size_t n_images, n_failed;
	plan_count_images(fixture.plan, &n_images, &n_failed);
	EXPECT(n_images == 2 && n_failed == 1);
	EXPECT(fixture.plan->n_blobs_used == 2);
	plan_fixture_close(&fixture);
}

TEST(an_index_without_one_of_its_children_fails_as_a_whole)
{
	struct plan_fixture fixture;
	struct fake_image platforms[] = {
		{.seed = 1, .n_layers = 1, .layer_size = 100},
		{.seed = 2, .n_layers = 1, .layer_size = 100, .architecture = "arm64"}};

	plan_fixture_open(&fixture, &(struct fake_options){0}, false);
	struct digest child;
	char text[DIGEST_TEXT_SIZE];
	fake_registry_add_image(fixture.registry, "a/b", &platforms[0], NULL);
	fake_registry_add_image(fixture.registry, "a/b", &platforms[1], &child);
	fake_registry_add_index(fixture.registry, "a/b", "v1", false, platforms, 2, NULL);
	fake_registry_add_rule(fixture.registry,
			       &(struct fake_rule){.path = digest_format(&child, text), .status = 404});
	struct plan_image *image = plan_fixture_add(&fixture, "a/b:v1");
	plan_fixture_resolve(&fixture, false);
	EXPECT(image->failure.code == ERROR_NOT_FOUND);
	EXPECT(image->failure.message && strstr(image->failure.message, digest_format(&child, text)));
	EXPECT(fixture.plan->n_blobs_used == 0);
	plan_fixture_close(&fixture);
}

TEST(a_manifest_with_another_digest_than_asked_for_is_refused)
{
	struct plan_fixture fixture;
	struct digest digest;

	plan_fixture_open(&fixture, &(struct fake_options){0}, false);
	fake_registry_add_image(fixture.registry, "a/b",
				&(struct fake_image){.n_layers = 1, .layer_size = 10}, &digest);
	fake_registry_add_rule(fixture.registry, &(struct fake_rule){.method = "GET",
								     .path = "/manifests/",
								     .corrupt = true,
								     .corrupt_offset = 5});
	struct plan_image *image = plan_fixture_add_digest(&fixture, "a/b", &digest);
	plan_fixture_resolve(&fixture, false);
	EXPECT(image->failure.code == ERROR_DIGEST);
	plan_fixture_close(&fixture);
}

TEST(what_the_cache_has_is_not_asked_for_again)
{
	struct plan_fixture fixture;
	struct digest digest;

	plan_fixture_open(&fixture, &(struct fake_options){0}, false);
	fake_registry_add_image(fixture.registry, "a/b",
				&(struct fake_image){.n_layers = 1, .layer_size = 10}, &digest);
	plan_fixture_add_digest(&fixture, "a/b", &digest);
	plan_fixture_resolve(&fixture, false);
	EXPECT(fake_registry_count(fixture.registry, "GET", "/manifests/") == 1);
	plan_free(fixture.plan);
	fixture.plan = plan_new(fixture.source, fixture.cache);
	struct plan_image *again = plan_fixture_add_digest(&fixture, "a/b", &digest);
	plan_fixture_resolve(&fixture, false);
	EXPECT(plan_image_takes_part(again));
	EXPECT(fake_registry_count(fixture.registry, "GET", "/manifests/") == 1);
	plan_fixture_close(&fixture);
}

static void add_signature(struct fake_registry *registry, const char *repository,
			  const struct digest *subject)
{
	char hex[DIGEST_HEX_LENGTH + 1];
	CLEANUP(free_string) char *tag = xasprintf("sha256-%s.sig", digest_format_hex(subject, hex));

	fake_registry_add_image(registry, repository,
				&(struct fake_image){.tag = tag, .seed = 77, .n_layers = 1, .layer_size = 50},
				NULL);
}

TEST(a_signature_travels_with_its_image)
{
	struct plan_fixture fixture;
	struct digest digest;

	plan_fixture_open(&fixture, &(struct fake_options){0}, false);
	fake_registry_add_image(fixture.registry, "a/b",
				&(struct fake_image){.n_layers = 1, .layer_size = 10}, &digest);
	add_signature(fixture.registry, "a/b", &digest);
	struct plan_image *image = plan_fixture_add_digest(&fixture, "a/b", &digest);
	image->target_repository = xstrdup("mirror/b");
	plan_fixture_resolve(&fixture, true);
	EXPECT(fixture.plan->n_images == 2);
	if (fixture.plan->n_images == 2) {
		struct plan_image *signature = fixture.plan->images[1];
		EXPECT(signature->attached_to == 0 && plan_image_takes_part(signature));
		EXPECT_STRING(signature->target_repository, "mirror/b");
		EXPECT(signature->target_tag && !strncmp(signature->target_tag, "sha256-", 7));
	}
	plan_fixture_close(&fixture);
}

TEST(a_repository_that_said_no_three_times_is_not_asked_for_signatures_again)
{
	struct plan_fixture fixture;

	plan_fixture_open(&fixture, &(struct fake_options){0}, false);
	for (unsigned i = 0; i < 20; i++) {
		struct digest digest;

		fake_registry_add_image(fixture.registry, "a/b",
					&(struct fake_image){.seed = i, .n_layers = 1, .layer_size = 10},
					&digest);
		plan_fixture_add_digest(&fixture, "a/b", &digest);
	}
	struct plan_options options = {.workers = 1, .with_attached = true, .progress = &fixture.progress};
	struct error err = ERROR_INIT;
	EXPECT_OK(plan_resolve(fixture.plan, &options, &err), &err);
	EXPECT(fake_registry_count(fixture.registry, NULL, ".sig") <= 3);
	plan_fixture_close(&fixture);
}

static void add_referrer(struct fake_registry *registry, const char *repository, const struct digest *subject)
{
	CLEANUP(free_string) char *manifest = NULL;
	struct digest config;
	char subject_text[DIGEST_TEXT_SIZE], config_text[DIGEST_TEXT_SIZE];
	CLEANUP(free_string) char *subject_bytes =
		fake_registry_read_manifest(registry, repository, digest_format(subject, subject_text));

	fake_registry_add_blob(registry, repository, "{}", 2, &config);
	manifest = xasprintf("{\"schemaVersion\":2,\"mediaType\":\"%s\",\"artifactType\":\"text/"
			     "x\",\"config\":{\"mediaType\":\"application/"
			     "vnd.oci.empty.v1+json\",\"digest\":\"%s\",\"size\":2},\"layers\":[],"
			     "\"subject\":{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%zu}}",
			     MEDIA_TYPE_OCI_MANIFEST, digest_format(&config, config_text),
			     MEDIA_TYPE_OCI_MANIFEST, subject_text, strlen(subject_bytes));
	fake_registry_add_manifest(registry, repository, NULL, MEDIA_TYPE_OCI_MANIFEST, manifest,
				   strlen(manifest), NULL);
}

TEST(referrers_travel_with_their_image)
{
	struct plan_fixture fixture;
	struct digest digest;

	plan_fixture_open(&fixture, &(struct fake_options){.has_referrers = true}, false);
	fake_registry_add_image(fixture.registry, "a/b",
				&(struct fake_image){.n_layers = 1, .layer_size = 10}, &digest);
	add_referrer(fixture.registry, "a/b", &digest);
	plan_fixture_add_digest(&fixture, "a/b", &digest);
	plan_fixture_resolve(&fixture, true);
	EXPECT(fixture.plan->n_images == 2);
	EXPECT(fixture.plan->n_images < 2 || fixture.plan->images[1]->target_tag == NULL);
	plan_fixture_close(&fixture);
}

TEST(a_registry_without_referrers_is_asked_once)
{
	struct plan_fixture fixture;

	plan_fixture_open(&fixture, &(struct fake_options){0}, false);
	for (unsigned i = 0; i < 10; i++) {
		struct digest digest;

		fake_registry_add_image(fixture.registry, "a/b",
					&(struct fake_image){.seed = i, .n_layers = 1, .layer_size = 10},
					&digest);
		plan_fixture_add_digest(&fixture, "a/b", &digest);
	}
	struct plan_options options = {.workers = 1, .with_attached = true, .progress = &fixture.progress};
	struct error err = ERROR_INIT;
	EXPECT_OK(plan_resolve(fixture.plan, &options, &err), &err);
	EXPECT(fake_registry_count(fixture.registry, "GET", "/referrers/") == 1);
	plan_fixture_close(&fixture);
}

TEST(a_failed_look_for_signatures_is_never_fatal)
{
	struct plan_fixture fixture;
	struct digest digest;

	plan_fixture_open(&fixture, &(struct fake_options){0}, false);
	fake_registry_add_image(fixture.registry, "a/b",
				&(struct fake_image){.n_layers = 1, .layer_size = 10}, &digest);
	fake_registry_add_rule(fixture.registry, &(struct fake_rule){.path = ".sig", .status = 500});
	fake_registry_add_rule(fixture.registry, &(struct fake_rule){.path = "/referrers/", .status = 403});
	struct plan_image *image = plan_fixture_add_digest(&fixture, "a/b", &digest);
	plan_fixture_resolve(&fixture, true);
	EXPECT(plan_image_takes_part(image));
	EXPECT(fixture.plan->n_images == 1);
	plan_fixture_close(&fixture);
}

TEST(two_sizes_for_one_blob_are_a_contradiction)
{
	struct plan_fixture fixture;
	struct digest digest;
	char text[DIGEST_TEXT_SIZE];

	plan_fixture_open(&fixture, &(struct fake_options){0}, false);
	fake_registry_add_blob(fixture.registry, "a/b", "{}", 2, &digest);
	digest_format(&digest, text);
	for (int i = 0; i < 2; i++) {
		CLEANUP(free_string) char *manifest =
			xasprintf("{\"schemaVersion\":2,\"mediaType\":\"%s\",\"config\":{\"mediaType\":\"x/"
				  "y\",\"digest\":\"%s\",\"size\":%d},\"layers\":[]}",
				  MEDIA_TYPE_OCI_MANIFEST, text, 2 + i);
		fake_registry_add_manifest(fixture.registry, "a/b", i ? "two" : "one",
					   MEDIA_TYPE_OCI_MANIFEST, manifest, strlen(manifest), NULL);
	}
	plan_fixture_add(&fixture, "a/b:one");
	plan_fixture_add(&fixture, "a/b:two");
	plan_fixture_resolve(&fixture, false);
	EXPECT(plan_image_takes_part(fixture.plan->images[0]) !=
	       plan_image_takes_part(fixture.plan->images[1]));
	plan_fixture_close(&fixture);
}
