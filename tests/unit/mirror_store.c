/* SPDX-License-Identifier: Apache-2.0 */
#include "store/archive.h"
#include "tests/unit/mirror_fixture.h"

static struct blob_store *open_directory(const char *name, enum directory_mode mode)
{
	CLEANUP(free_string) char *path = xasprintf("%s/%s", test_directory(), name);
	struct blob_store *store = NULL;
	struct error err = ERROR_INIT;

	EXPECT_OK(directory_store_open(&store, path, mode, &err), &err);
	return store;
}

static void expect_everything(struct mirror_fixture *fixture, struct blob_store *store)
{
	const struct plan *plan = fixture->plan.plan;

	for (size_t i = 0; i < plan->n_blobs; i++)
		EXPECT(blob_store_has(store, &plan->blob_digests.digests[i], plan->blobs[i].size));
	for (size_t i = 0; i < plan->n_manifests; i++)
		EXPECT(blob_store_has(store, &plan->manifest_digests.digests[i], plan->manifests[i].size));
}

TEST(blobs_and_manifests_arrive_in_a_directory)
{
	struct mirror_fixture fixture;
	struct error err = ERROR_INIT;

	mirror_fixture_open(&fixture);
	mirror_fixture_add(&fixture, 1, "m/one", "v1");
	mirror_fixture_add(&fixture, 2, "m/two", "v1");
	mirror_fixture_start(&fixture, false);
	CLEANUP(blob_store_freep) struct blob_store *store = open_directory("layout", DIRECTORY_WRITE);
	EXPECT_OK(mirror_to_store(fixture.mirror, store, &err), &err);
	expect_everything(&fixture, store);
	EXPECT(mirror_counts(fixture.mirror).blobs_copied == 6);
	EXPECT(atomic_load(&fixture.plan.progress.bytes_done) == fixture.plan.plan->total_bytes);
	mirror_fixture_close(&fixture);
}

TEST(blobs_that_are_in_the_spool_are_not_requested)
{
	struct mirror_fixture fixture;
	struct error err = ERROR_INIT;

	mirror_fixture_open(&fixture);
	mirror_fixture_add(&fixture, 1, "m/one", "v1");
	mirror_fixture_start(&fixture, false);
	CLEANUP(blob_store_freep) struct blob_store *first = open_directory("first", DIRECTORY_WRITE);
	EXPECT_OK(mirror_to_store(fixture.mirror, first, &err), &err);
	size_t requests = fake_registry_count(fixture.plan.registry, "GET", "/blobs/");
	mirror_free(fixture.mirror);
	blob_store_free(fixture.options.spool);
	fixture.spool = fixture.options.spool = steal(&first);
	fixture.mirror = mirror_new(fixture.plan.plan, &fixture.options);
	CLEANUP(blob_store_freep) struct blob_store *second = open_directory("second", DIRECTORY_WRITE);
	EXPECT_OK(mirror_to_store(fixture.mirror, second, &err), &err);
	expect_everything(&fixture, second);
	EXPECT(fake_registry_count(fixture.plan.registry, "GET", "/blobs/") == requests);
	mirror_fixture_close(&fixture);
}

TEST(a_broken_download_goes_on_where_it_was)
{
	struct mirror_fixture fixture;
	struct digest digest;
	struct error err = ERROR_INIT;
	const size_t size = 3 << 20;

	mirror_fixture_open(&fixture);
	fake_registry_add_image(fixture.plan.registry, "a/b",
				&(struct fake_image){.n_layers = 1, .layer_size = size}, &digest);
	fake_registry_add_rule(
		fixture.plan.registry,
		&(struct fake_rule){.method = "GET", .path = "/blobs/", .cut_after_bytes = 1 << 20});
	plan_fixture_add_digest(&fixture.plan, "a/b", &digest);
	mirror_fixture_start(&fixture, false);
	CLEANUP(blob_store_freep) struct blob_store *store = open_directory("layout", DIRECTORY_WRITE);
	EXPECT_OK(mirror_to_store(fixture.mirror, store, &err), &err);
	expect_everything(&fixture, store);
	EXPECT(fake_registry_count_header(fixture.plan.registry, "/blobs/", "Range: bytes=") >= 2);
	EXPECT(fake_registry_bytes_sent(fixture.plan.registry) < size + size / 10);
	mirror_fixture_close(&fixture);
}

TEST(one_wrong_byte_is_fetched_anew_once)
{
	struct mirror_fixture fixture;
	struct error err = ERROR_INIT;

	mirror_fixture_open(&fixture);
	struct plan_image *image = mirror_fixture_add(&fixture, 1, "m/one", "v1");
	mirror_fixture_start(&fixture, false);
	fake_registry_add_rule(
		fixture.plan.registry,
		&(struct fake_rule){.method = "GET", .path = "/blobs/", .first = 1, .corrupt = true});
	CLEANUP(blob_store_freep) struct blob_store *store = open_directory("layout", DIRECTORY_WRITE);
	EXPECT_OK(mirror_to_store(fixture.mirror, store, &err), &err);
	EXPECT(plan_image_takes_part(image));
	EXPECT(fake_registry_count(fixture.plan.registry, "GET", "/blobs/") == 4);
	mirror_fixture_close(&fixture);
}

TEST(an_image_whose_blob_is_gone_leaves_no_manifest)
{
	struct mirror_fixture fixture;
	struct error err = ERROR_INIT;
	char text[DIGEST_TEXT_SIZE];

	mirror_fixture_open(&fixture);
	struct plan_image *bad = mirror_fixture_add(&fixture, 1, "m/one", "v1");
	struct plan_image *good = mirror_fixture_add(&fixture, 2, "m/two", "v1");
	mirror_fixture_start(&fixture, false);
	uint32_t lost =
		fixture.plan.plan->manifest_blobs[fixture.plan.plan->manifests[bad->top].first_blob + 1];
	fake_registry_add_rule(
		fixture.plan.registry,
		&(struct fake_rule){
			.path = digest_format(&fixture.plan.plan->blob_digests.digests[lost], text),
			.status = 404});
	CLEANUP(blob_store_freep) struct blob_store *store = open_directory("layout", DIRECTORY_WRITE);
	EXPECT_OK(mirror_to_store(fixture.mirror, store, &err), &err);
	EXPECT(bad->failure.code == ERROR_NOT_FOUND);
	EXPECT(bad->failure.message && strstr(bad->failure.message, text));
	EXPECT(plan_image_takes_part(good));
	EXPECT(!blob_store_has(store, &bad->digest, fixture.plan.plan->manifests[bad->top].size));
	EXPECT(blob_store_has(store, &good->digest, fixture.plan.plan->manifests[good->top].size));
	mirror_fixture_close(&fixture);
}
