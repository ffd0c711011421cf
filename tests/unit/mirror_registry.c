/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/mirror_fixture.h"

static void expect_tag(struct mirror_fixture *fixture, const struct plan_image *image)
{
	struct digest digest;

	EXPECT(fake_registry_find_tag(fixture->plan.target, image->target_repository, image->target_tag,
				      &digest));
	EXPECT(digest_equal(&digest, &image->digest));
}

static void move(struct mirror_fixture *fixture)
{
	struct error err = ERROR_INIT;

	EXPECT_OK(mirror_find_present(fixture->mirror, &err), &err);
	EXPECT_OK(mirror_to_registry(fixture->mirror, &err), &err);
}

TEST(images_arrive_with_their_tags_and_digests)
{
	struct mirror_fixture fixture;

	mirror_fixture_open(&fixture);
	struct plan_image *images[3];
	images[0] = mirror_fixture_add(&fixture, 1, "m/one", "v1");
	images[1] = mirror_fixture_add(&fixture, 2, "m/two", "v2");
	images[2] = mirror_fixture_add(&fixture, 3, "m/two", "v3");
	images[2]->is_root = true;
	mirror_fixture_start(&fixture, false);
	move(&fixture);
	for (size_t i = 0; i < 3; i++)
		expect_tag(&fixture, images[i]);
	EXPECT(mirror_counts(fixture.mirror).images_copied == 3);
	EXPECT(mirror_counts(fixture.mirror).blobs_copied == 9);
	mirror_fixture_close(&fixture);
}

TEST(no_blob_is_requested_twice_and_the_spool_is_empty_at_the_end)
{
	struct mirror_fixture fixture;

	mirror_fixture_open(&fixture);
	mirror_fixture_add(&fixture, 1, "m/one", "v1");
	mirror_fixture_add(&fixture, 1, "m/two", "v1");
	mirror_fixture_add(&fixture, 2, "m/two", "v2");
	mirror_fixture_start(&fixture, false);
	move(&fixture);
	EXPECT(fake_registry_count(fixture.plan.registry, "GET", "/blobs/") == 6);
	for (size_t i = 0; i < fixture.plan.plan->n_blobs; i++)
		EXPECT(!blob_store_has(fixture.spool, &fixture.plan.plan->blob_digests.digests[i],
				       fixture.plan.plan->blobs[i].size));
	mirror_fixture_close(&fixture);
}

TEST(a_blob_for_two_repositories_is_uploaded_once_and_mounted_once)
{
	struct mirror_fixture fixture;

	mirror_fixture_open(&fixture);
	mirror_fixture_add(&fixture, 1, "m/one", "v1");
	mirror_fixture_add(&fixture, 1, "m/two", "v1");
	mirror_fixture_start(&fixture, false);
	move(&fixture);
	EXPECT(fake_registry_count(fixture.plan.target, "PUT", "/blobs/uploads/") == 3);
	EXPECT(mirror_counts(fixture.mirror).blobs_mounted == 3);
	mirror_fixture_close(&fixture);
}

TEST(images_that_are_there_are_left_alone)
{
	struct mirror_fixture fixture;

	mirror_fixture_open(&fixture);
	struct plan_image *image = mirror_fixture_add(&fixture, 1, "m/one", "v1");
	mirror_fixture_start(&fixture, false);
	move(&fixture);
	size_t blobs = fake_registry_count(fixture.plan.registry, "GET", "/blobs/");
	mirror_free(fixture.mirror);
	fixture.mirror = mirror_new(fixture.plan.plan, &fixture.options);
	move(&fixture);
	EXPECT(mirror_image_is_present(fixture.mirror, image->number));
	EXPECT(fake_registry_count(fixture.plan.registry, "GET", "/blobs/") == blobs);
	EXPECT(mirror_counts(fixture.mirror).images_present == 1);
	EXPECT(mirror_counts(fixture.mirror).images_copied == 0);
	mirror_fixture_close(&fixture);
}

TEST(a_damaged_blob_costs_the_images_that_need_it)
{
	struct mirror_fixture fixture;

	mirror_fixture_open(&fixture);
	struct plan_image *bad = mirror_fixture_add(&fixture, 1, "m/one", "v1");
	struct plan_image *good = mirror_fixture_add(&fixture, 2, "m/two", "v2");
	mirror_fixture_start(&fixture, false);
	const struct plan *plan = fixture.plan.plan;
	const struct digest *damaged =
		&plan->blob_digests.digests[plan->manifest_blobs[plan->manifests[bad->top].first_blob + 1]];
	fake_registry_corrupt_blob(fixture.plan.registry, damaged, 1);
	move(&fixture);
	EXPECT(bad->failure.code == ERROR_DIGEST);
	EXPECT(plan_image_takes_part(good));
	expect_tag(&fixture, good);
	struct digest ignored;
	EXPECT(!fake_registry_find_tag(fixture.plan.target, "m/one", "v1", &ignored));
	EXPECT(!fake_registry_has_blob(fixture.plan.target, "m/one", damaged));
	mirror_fixture_close(&fixture);
}

TEST(a_repository_that_refuses_a_blob_costs_its_own_images)
{
	struct mirror_fixture fixture;

	mirror_fixture_open(&fixture);
	struct plan_image *bad = mirror_fixture_add(&fixture, 1, "m/forbidden", "v1");
	struct plan_image *good = mirror_fixture_add(&fixture, 1, "m/open", "v1");
	mirror_fixture_start(&fixture, false);
	fake_registry_add_rule(fixture.plan.target,
			       &(struct fake_rule){.path = "m/forbidden/blobs/", .status = 403});
	move(&fixture);
	EXPECT(bad->failure.code == ERROR_UNAUTHORIZED);
	EXPECT(plan_image_takes_part(good));
	expect_tag(&fixture, good);
	mirror_fixture_close(&fixture);
}

TEST(a_target_that_has_nothing_is_not_asked_for_each_small_blob)
{
	struct mirror_fixture fixture;

	mirror_fixture_open(&fixture);
	for (unsigned i = 0; i < 60; i++) {
		CLEANUP(free_string) char *repository = xasprintf("m/image-%u", i);
		mirror_fixture_add(&fixture, i, repository, "v1");
	}
	mirror_fixture_start(&fixture, false);
	move(&fixture);
	EXPECT(mirror_counts(fixture.mirror).images_copied == 60);
	EXPECT(fake_registry_count(fixture.plan.target, "HEAD", "/blobs/") < 100);
	mirror_fixture_close(&fixture);
}

TEST(the_first_failure_stops_the_rest_when_asked_to)
{
	struct mirror_fixture fixture;

	mirror_fixture_open(&fixture);
	fixture.options.continue_on_error = false;
	fixture.options.jobs = 1;
	for (unsigned i = 0; i < 10; i++)
		mirror_fixture_add(&fixture, i, "m/one", "v1");
	mirror_fixture_start(&fixture, false);
	fake_registry_add_rule(fixture.plan.registry,
			       &(struct fake_rule){.method = "GET", .path = "/blobs/", .status = 404});
	move(&fixture);
	EXPECT(fake_registry_count(fixture.plan.registry, "GET", "/blobs/") <= 2);
	mirror_fixture_close(&fixture);
}

TEST(blobs_that_the_registry_lost_are_brought_again)
{
	struct mirror_fixture fixture;
	static const char body[] =
		"{\"errors\":[{\"code\":\"MANIFEST_BLOB_UNKNOWN\",\"message\":\"blob unknown\"}]}";

	mirror_fixture_open(&fixture);
	struct plan_image *image = mirror_fixture_add(&fixture, 1, "m/one", "v1");
	mirror_fixture_start(&fixture, false);
	fake_registry_add_rule(
		fixture.plan.target,
		&(struct fake_rule){
			.method = "PUT", .path = "/manifests/", .first = 1, .status = 404, .body = body});
	move(&fixture);
	EXPECT(plan_image_takes_part(image));
	expect_tag(&fixture, image);
	mirror_fixture_close(&fixture);
}

TEST(a_target_that_refuses_us_ends_the_run_at_once)
{
	struct mirror_fixture fixture;
	struct error err = ERROR_INIT;

	mirror_fixture_open(&fixture);
	for (unsigned i = 0; i < 20; i++)
		mirror_fixture_add(&fixture, i, "m/one", "v1");
	mirror_fixture_start(&fixture, false);
	fake_registry_add_rule(fixture.plan.target,
			       &(struct fake_rule){.path = "/manifests/", .status = 401});
	EXPECT_ERROR(mirror_find_present(fixture.mirror, &err), &err, ERROR_UNAUTHORIZED, "m/one");
	EXPECT(fake_registry_count(fixture.plan.target, NULL, "/manifests/") <= 3);
	mirror_fixture_close(&fixture);
}

/* Where manifests were put, in the order of their arrival. */
static size_t list_manifest_puts(struct fake_registry *registry, char targets[3][256])
{
	size_t n_requests, count = 0;
	struct fake_request *requests = fake_registry_requests(registry, &n_requests);

	for (size_t i = 0; i < n_requests; i++) {
		if (strcmp(requests[i].method, "PUT") != 0 || !strstr(requests[i].target, "/manifests/"))
			continue;
		if (count < 3)
			snprintf(targets[count], sizeof(targets[count]), "%s", requests[i].target);
		count++;
	}
	fake_requests_free(requests, n_requests);
	return count;
}

TEST(the_root_goes_last_and_a_signature_before_what_it_signs)
{
	struct mirror_fixture fixture;
	char hex[DIGEST_HEX_LENGTH + 1];

	mirror_fixture_open(&fixture);
	struct plan_image *root = mirror_fixture_add(&fixture, 1, "m/root", "v1");
	struct plan_image *image = mirror_fixture_add(&fixture, 2, "m/image", "v1");
	root->is_root = true;
	CLEANUP(free_string) char *tag = xasprintf("sha256-%s.sig", digest_format_hex(&image->digest, hex));
	fake_registry_add_image(fixture.plan.registry, "src/image",
				&(struct fake_image){.tag = tag, .seed = 9, .n_layers = 1, .layer_size = 9},
				NULL);
	mirror_fixture_start(&fixture, true);
	EXPECT(fixture.plan.plan->n_images == 3);
	move(&fixture);
	char targets[3][256] = {"", "", ""};
	EXPECT(list_manifest_puts(fixture.plan.target, targets) == 3);
	EXPECT(strstr(targets[0], ".sig") != NULL);
	EXPECT(strstr(targets[1], "m/image/manifests/v1") != NULL);
	EXPECT(strstr(targets[2], "m/root/manifests/v1") != NULL);
	mirror_fixture_close(&fixture);
}

TEST(an_image_of_an_index_is_pushed_with_its_children_first)
{
	struct mirror_fixture fixture;
	struct fake_image platforms[] = {
		{.seed = 1, .n_layers = 1, .layer_size = 100},
		{.seed = 2, .n_layers = 1, .layer_size = 100, .architecture = "arm64"}};

	mirror_fixture_open(&fixture);
	fake_registry_add_image(fixture.plan.registry, "a/b", &platforms[0], NULL);
	fake_registry_add_image(fixture.plan.registry, "a/b", &platforms[1], NULL);
	fake_registry_add_index(fixture.plan.registry, "a/b", "v1", true, platforms, 2, NULL);
	struct plan_image *image = plan_fixture_add(&fixture.plan, "a/b:v1");
	image->target_repository = xstrdup("m/list");
	image->target_tag = xstrdup("v1");
	mirror_fixture_start(&fixture, false);
	move(&fixture);
	EXPECT(plan_image_takes_part(image));
	expect_tag(&fixture, image);
	EXPECT(fake_registry_count_manifests(fixture.plan.target) == 3);
	mirror_fixture_close(&fixture);
}

TEST(a_child_of_many_images_is_written_once_into_each_repository)
{
	struct mirror_fixture fixture;
	struct fake_image platforms[] = {
		{.seed = 1, .n_layers = 1, .layer_size = 100},
		{.seed = 2, .n_layers = 1, .layer_size = 100, .architecture = "arm64"},
		{.seed = 1, .n_layers = 1, .layer_size = 100}};
	static const char *const repositories[] = {"m/list", "m/list", "m/other"};

	mirror_fixture_open(&fixture);
	fake_registry_add_image(fixture.plan.registry, "a/b", &platforms[0], NULL);
	fake_registry_add_image(fixture.plan.registry, "a/b", &platforms[1], NULL);
	fake_registry_add_index(fixture.plan.registry, "a/b", "v0", true, platforms, 2, NULL);
	fake_registry_add_index(fixture.plan.registry, "a/b", "v1", true, platforms + 1, 2, NULL);
	fake_registry_add_index(fixture.plan.registry, "a/b", "v2", true, platforms, 2, NULL);
	for (size_t i = 0; i < ARRAY_LENGTH(repositories); i++) {
		CLEANUP(free_string) char *source = xasprintf("a/b:v%zu", i);
		CLEANUP(free_string) char *tag = xasprintf("v%zu", i);
		struct plan_image *image = plan_fixture_add(&fixture.plan, source);
		image->target_repository = xstrdup(repositories[i]);
		image->target_tag = steal(&tag);
	}
	mirror_fixture_start(&fixture, false);
	move(&fixture);
	EXPECT(mirror_counts(fixture.mirror).images_copied == 3);
	EXPECT(fake_registry_count(fixture.plan.target, "PUT", "/v2/m/list/manifests/") == 4);
	EXPECT(fake_registry_count(fixture.plan.target, "PUT", "/v2/m/other/manifests/") == 3);
	mirror_fixture_close(&fixture);
}
