/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/manifest_get.h"
#include "tests/unit/registry_fixture.h"

static const char text[] = "{\"some\":\"content\"}";
#define DIGEST "sha256:59685d14054198fee6005106a66462a924cabe21f4b0c7c1fdf4da95ccee52bd"
#define OTHER_DIGEST "sha256:b79e87ded1ea5293efe92bdb3caa9b7212cfa7c98aafb7c1c568d11d43519968"
#define ZERO_DIGEST "sha256:0000000000000000000000000000000000000000000000000000000000000000"

static void start(struct fixture *fixture)
{
	fixture_start(fixture);
	fake_registry_add_manifest(fixture->fake, "a/b", "v1", MEDIA_TYPE_DOCKER_MANIFEST, text, strlen(text),
				   NULL);
}

static int resolve(struct fixture *fixture, const char *name, struct descriptor *descriptor,
		   struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	int result = registry_resolve(fixture->session, &fixture->repository, name, &bytes, descriptor, err);

	EXPECT(result < 0 || bytes.len == descriptor->size);
	return result;
}

TEST(a_tag_is_what_its_bytes_hash_to)
{
	CLEANUP(fixture_stop) struct fixture fixture = {0};
	CLEANUP(descriptor_release) struct descriptor descriptor = {0};
	struct error err = ERROR_INIT;
	char name[DIGEST_TEXT_SIZE];

	start(&fixture);
	EXPECT_OK(resolve(&fixture, "v1", &descriptor, &err), &err);
	EXPECT_STRING(digest_format(&descriptor.digest, name), DIGEST);
	EXPECT(descriptor.size == strlen(text));
	EXPECT_STRING(descriptor.media_type, MEDIA_TYPE_DOCKER_MANIFEST);
	EXPECT(fake_registry_count_header(fixture.fake, "/manifests/",
					  "Accept: " MEDIA_TYPE_ACCEPT_MANIFESTS) == 1);
}

TEST(a_manifest_that_is_not_what_was_asked_for_is_refused)
{
	CLEANUP(fixture_stop) struct fixture fixture = {0};
	CLEANUP(descriptor_release) struct descriptor descriptor = {0};
	struct error err = ERROR_INIT;

	start(&fixture);
	EXPECT_OK(resolve(&fixture, DIGEST, &descriptor, &err), &err);
	/* The server's header says what it wants. */
	fake_registry_add_rule(fixture.fake,
			       &(struct fake_rule){.path = "/manifests/",
						   .status = 200,
						   .body = "{\"some\":\"content\"} ",
						   .headers = "Docker-Content-Digest: " DIGEST});
	EXPECT_ERROR(resolve(&fixture, DIGEST, &descriptor, &err), &err, ERROR_DIGEST,
		     "content integrity error: the manifest retrieved with digest " DIGEST
		     " does not match the "
		     "digest calculated from the content " OTHER_DIGEST
		     "; the registry, or a proxy or mirror before it, changed the content: try again");
	EXPECT_ERROR(resolve(&fixture, "v1", &descriptor, &err), &err, ERROR_DIGEST,
		     "its content is " OTHER_DIGEST "; the registry, or a proxy or mirror");
}

/* The digest of schema 1 is that of the text without its signature. */
TEST(schema_1_is_called_by_its_name)
{
	static const char body[] = "{\"schemaVersion\": 1, \"signatures\": []}";
	static const char *const types[] = {MEDIA_TYPE_DOCKER_SCHEMA1_SIGNED ";charset=utf-8",
					    MEDIA_TYPE_DOCKER_SCHEMA1, "application/json",
					    MEDIA_TYPE_DOCKER_MANIFEST};
	static const char *const names[] = {"v1", OTHER_DIGEST};

	for (size_t i = 0; i < ARRAY_LENGTH(types) * ARRAY_LENGTH(names); i++) {
		CLEANUP(fixture_stop) struct fixture fixture = {0};
		CLEANUP(descriptor_release) struct descriptor descriptor = {0};
		CLEANUP(free_string) char *headers =
			xasprintf("Content-Type: %s\r\nDocker-Content-Digest: " OTHER_DIGEST, types[i / 2]);
		struct error err = ERROR_INIT;
		start(&fixture);
		fake_registry_add_rule(fixture.fake, &(struct fake_rule){.path = "/manifests/",
									 .status = 200,
									 .body = body,
									 .headers = headers});
		EXPECT_ERROR(resolve(&fixture, names[i % 2], &descriptor, &err), &err, ERROR_INVALID,
			     "schema 1");
	}
}

TEST(a_header_with_another_algorithm_does_not_matter)
{
	CLEANUP(fixture_stop) struct fixture fixture = {0};
	CLEANUP(descriptor_release) struct descriptor descriptor = {0};
	struct error err = ERROR_INIT;

	start(&fixture);
	fake_registry_add_rule(fixture.fake,
			       &(struct fake_rule){.path = "/manifests/",
						   .headers = "Docker-Content-Digest: sha512:../../x"});
	EXPECT_OK(resolve(&fixture, "v1", &descriptor, &err), &err);
}

TEST(media_types_come_from_the_header_or_else_from_the_body)
{
	static const struct {
		const char *header, *body, *want;
	} cases[] = {
		{"Content-Type: Application/VND.x; charset=utf-8", "{}", "application/vnd.x"},
		{"Content-Type: text/plain", "{\"mediaType\":\"a/b\"}", "a/b"},
		{"Content-Type: application/octet-stream", "{\"mediaType\":\"a/b\"}", "a/b"},
		{"Content-Type:", "{\"mediaType\":\"a/b\"}", "a/b"},
		{"Content-Type:", "{}", ""},
		{"Content-Type:", "no json", ""},
		{"Content-Type:", "{\"mediaType\":7}", ""},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		CLEANUP(fixture_stop) struct fixture fixture = {0};
		CLEANUP(descriptor_release) struct descriptor descriptor = {0};
		CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;
		struct error err = ERROR_INIT;
		start(&fixture);
		CLEANUP(free_string) char *headers =
			xasprintf("%s\r\nDocker-Content-Digest:", cases[i].header);
		fake_registry_add_rule(fixture.fake, &(struct fake_rule){.path = "/manifests/",
									 .status = 200,
									 .body = cases[i].body,
									 .headers = headers});
		EXPECT_OK(registry_resolve(fixture.session, &fixture.repository, "v1", &bytes, &descriptor,
					   &err),
			  &err);
		EXPECT_STRING(descriptor.media_type, cases[i].want);
	}
}

TEST(size_is_checked_where_it_is_known)
{
	CLEANUP(fixture_stop) struct fixture fixture = {0};
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	struct descriptor expected = {.size = 19};
	struct error err = ERROR_INIT;

	start(&fixture);
	EXPECT_OK(digest_parse(&expected.digest, DIGEST, &err), &err);
	EXPECT_ERROR(
		registry_read_manifest(fixture.session, &fixture.repository, &expected, true, &bytes, &err),
		&err, ERROR_DIGEST, "has 18 bytes, its parent says 19");
	EXPECT_OK(
		registry_read_manifest(fixture.session, &fixture.repository, &expected, false, &bytes, &err),
		&err);
	EXPECT_STRING(bytes.buf, text);
}

TEST(endless_manifests_and_errors_end)
{
	CLEANUP(fixture_stop) struct fixture fixture = {0};
	CLEANUP(descriptor_release) struct descriptor descriptor = {0};
	struct error err = ERROR_INIT;

	start(&fixture);
	fake_registry_add_rule(fixture.fake,
			       &(struct fake_rule){.path = "/manifests/", .first = 1, .endless = true});
	EXPECT_ERROR(resolve(&fixture, "v1", &descriptor, &err), &err, ERROR_INVALID, "manifest v1");
	fake_registry_add_rule(fixture.fake,
			       &(struct fake_rule){.path = "/manifests/", .status = 404, .endless = true});
	EXPECT_ERROR(resolve(&fixture, "v1", &descriptor, &err), &err, ERROR_NOT_FOUND, "not there");
}

TEST(errors_say_what_the_server_says)
{
	static const struct {
		int status;
		const char *body;
		enum error_code code;
		const char *words;
		size_t requests;
	} cases[] = {
		{404, "{\"errors\":[{\"code\":\"MANIFEST_UNKNOWN\",\"message\":\"gone\"}]}", ERROR_NOT_FOUND,
		 "gone", 1},
		{500, "{\"errors\":[{\"code\":\"UNKNOWN\",\"message\":\"artifact not found\"}]}",
		 ERROR_NOT_FOUND, "", 1},
		{500, "oops", ERROR_TRANSIENT, "oops", 3},
		{403, "quota", ERROR_UNAUTHORIZED, "access denied to pull (status 403): quota", 1},
		{451, "no", ERROR_INVALID, "refused (status 451): no", 1},
		{204, NULL, ERROR_INVALID, "makes no sense", 1},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		CLEANUP(fixture_stop) struct fixture fixture = {.max_attempts = 3};
		CLEANUP(descriptor_release) struct descriptor descriptor = {0};
		struct error err = ERROR_INIT;
		start(&fixture);
		fake_registry_add_rule(fixture.fake, &(struct fake_rule){.path = "/manifests/",
									 .status = cases[i].status,
									 .body = cases[i].body});
		EXPECT_ERROR(resolve(&fixture, "v1", &descriptor, &err), &err, cases[i].code, cases[i].words);
		EXPECT(fake_registry_count(fixture.fake, NULL, "/manifests/") == cases[i].requests);
	}
}

/* --- HEAD */

TEST(what_head_says)
{
	static const struct {
		const char *what;
		int status; /* of HEAD; 0: as it is */
		const char *headers;
		enum registry_side side;
		bool is_present, has_digest, fails;
		size_t gets;
	} cases[] = {
		{.what = "there", .is_present = true, .has_digest = true},
		{.what = "no digest",
		 .headers = "Docker-Content-Digest:",
		 .is_present = true,
		 .has_digest = true,
		 .gets = 1},
		{.what = "bad digest",
		 .headers = "Docker-Content-Digest: sha256:xyz",
		 .is_present = true,
		 .has_digest = true,
		 .gets = 1},
		{.what = "absent", .status = 404},
		{.what = "no HEAD", .status = 405, .is_present = true, .has_digest = true, .gets = 1},
		{.what = "412", .status = 412, .is_present = true, .has_digest = true, .gets = 1},
		{.what = "500", .status = 500, .is_present = true, .has_digest = true, .gets = 1},
		{.what = "403 at the source", .status = 403, .fails = true},
		{.what = "403 at the target", .status = 403, .side = REGISTRY_TARGET},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		CLEANUP(fixture_stop) struct fixture fixture = {.side = cases[i].side};
		CLEANUP(error_clear) struct error err = ERROR_INIT;
		bool is_present = true, has_digest = true;
		struct digest digest;
		start(&fixture);
		fake_registry_add_rule(fixture.fake, &(struct fake_rule){.method = "HEAD",
									 .status = cases[i].status,
									 .headers = cases[i].headers});
		int result = registry_head_manifest(fixture.session, &fixture.repository, "v1", &is_present,
						    &has_digest, &digest, &err);
		if ((result < 0) != cases[i].fails ||
		    (result == 0 &&
		     (is_present != cases[i].is_present || has_digest != cases[i].has_digest)) ||
		    fake_registry_count(fixture.fake, "GET", "/manifests/") != cases[i].gets)
			test_fail(__FILE__, __LINE__, "%s: %d %d %d %s", cases[i].what, result, is_present,
				  has_digest, err.message ? err.message : "");
	}
}

TEST(a_401_to_a_dry_run_at_the_target_means_absent)
{
	CLEANUP(fixture_stop) struct fixture fixture = {.side = REGISTRY_TARGET, .pull_scope_only = true};
	struct error err = ERROR_INIT;
	bool is_present = true, has_digest = true;
	struct digest digest;

	start(&fixture);
	fake_registry_add_rule(fixture.fake, &(struct fake_rule){.path = "/a/b/", .status = 401});
	EXPECT_OK(registry_head_manifest(fixture.session, &fixture.repository, "v1", &is_present, &has_digest,
					 &digest, &err),
		  &err);
	EXPECT(!is_present);
}

/* --- PUT */

static int put(struct fixture *fixture, const char *tag, struct error *err)
{
	struct digest digest;

	digest_of(text, strlen(text), &digest);
	return registry_write_manifest(fixture->session, &fixture->repository, tag, MEDIA_TYPE_OCI_MANIFEST,
				       &digest, text, strlen(text), err);
}

TEST(what_counts_as_written)
{
	static const int statuses[] = {200, 201, 202, 204};
	struct error err = ERROR_INIT;

	for (size_t i = 0; i < ARRAY_LENGTH(statuses); i++) {
		CLEANUP(fixture_stop) struct fixture fixture = {.side = REGISTRY_TARGET};
		start(&fixture);
		fake_registry_add_rule(fixture.fake,
				       &(struct fake_rule){.method = "PUT", .status = statuses[i]});
		EXPECT_OK(put(&fixture, "v2", &err), &err);
		EXPECT(fake_registry_count_header(fixture.fake, "/manifests/v2",
						  "Content-Type: " MEDIA_TYPE_OCI_MANIFEST) == 1);
	}
}

TEST(without_a_tag_a_manifest_is_written_under_its_digest)
{
	CLEANUP(fixture_stop) struct fixture fixture = {.side = REGISTRY_TARGET};
	struct error err = ERROR_INIT;

	start(&fixture);
	fake_registry_add_rule(fixture.fake, &(struct fake_rule){.method = "PUT", .status = 201});
	EXPECT_OK(put(&fixture, NULL, &err), &err);
	EXPECT(fake_registry_count(fixture.fake, "PUT", "/manifests/" DIGEST) == 1);
}

TEST(a_registry_that_rewrites_a_manifest_is_an_error)
{
	CLEANUP(fixture_stop) struct fixture fixture = {.side = REGISTRY_TARGET};
	struct error err = ERROR_INIT;

	start(&fixture);
	fake_registry_add_rule(fixture.fake,
			       &(struct fake_rule){.method = "PUT",
						   .status = 201,
						   .headers = "Docker-Content-Digest: " ZERO_DIGEST});
	EXPECT_ERROR(put(&fixture, "v2", &err), &err, ERROR_DIGEST, "has stored something else");
}

TEST(an_immutable_tag_is_fine_if_it_is_ours)
{
	static const struct {
		int status;
		const char *body;
		const char *tag;
		bool is_fine;
	} cases[] = {
		{409, "TAG_IMMUTABLE", "v1", true},     {412, "immutable", "v1", true},
		{400, "Tag is Immutable", "v1", true},  {400, "ImageTagAlreadyExists", "v1", true},
		{400, "MANIFEST_INVALID", "v1", false}, {409, "TAG_IMMUTABLE", "other", false},
		{409, "TAG_IMMUTABLE", NULL, false},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		CLEANUP(fixture_stop) struct fixture fixture = {.side = REGISTRY_TARGET};
		struct error err = ERROR_INIT;
		start(&fixture);
		fake_registry_add_manifest(fixture.fake, "a/b", "other", MEDIA_TYPE_OCI_MANIFEST, "{}", 2,
					   NULL);
		fake_registry_add_rule(fixture.fake, &(struct fake_rule){.method = "PUT",
									 .status = cases[i].status,
									 .body = cases[i].body});
		if (cases[i].is_fine)
			EXPECT_OK(put(&fixture, cases[i].tag, &err), &err);
		else
			EXPECT_ERROR(put(&fixture, cases[i].tag, &err), &err, ERROR_INVALID,
				     "refused (status 4");
	}
}

TEST(missing_blobs_are_told_apart)
{
	CLEANUP(fixture_stop) struct fixture fixture = {.side = REGISTRY_TARGET};
	struct error err = ERROR_INIT;

	start(&fixture);
	fake_registry_add_rule(fixture.fake,
			       &(struct fake_rule){.method = "PUT",
						   .first = 1,
						   .status = 404,
						   .body = "{\"errors\":[{\"code\":\"MANIFEST_BLOB_UNKNOWN\","
							   "\"message\":\"blob unknown\"}]}"});
	EXPECT(put(&fixture, "v2", &err) < 0);
	EXPECT(registry_error_is_missing_blobs(&err));
	error_clear(&err);
	fake_registry_add_rule(fixture.fake, &(struct fake_rule){.method = "PUT", .status = 413});
	EXPECT(put(&fixture, "v2", &err) < 0);
	EXPECT(!registry_error_is_missing_blobs(&err));
	error_clear(&err);
}

/* --- referrers */

#define REFERRER(n) "{\"mediaType\":\"a/b\",\"digest\":\"" DIGEST "\",\"size\":" #n "}"
#define INDEX(items) \
	"{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_TYPE_OCI_INDEX "\",\"manifests\":[" items "]}"

static int read_referrers(struct fixture *fixture, bool *is_supported, struct strbuf *bytes,
			  struct error *err)
{
	struct digest digest;

	digest_of(text, strlen(text), &digest);
	return registry_read_referrers(fixture->session, &fixture->repository, &digest, is_supported, bytes,
				       err);
}

TEST(referrers_come_in_pages)
{
	CLEANUP(fixture_stop) struct fixture fixture = {0};
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	struct error err = ERROR_INIT;
	bool is_supported = false;

	start(&fixture);
	fake_registry_add_rule(fixture.fake,
			       &(struct fake_rule){.path = "/referrers/",
						   .first = 1,
						   .status = 200,
						   .body = INDEX(REFERRER(1)),
						   .headers = "Content-Type: " MEDIA_TYPE_OCI_INDEX
							      "; x=y\r\nLink: <?page=0>; rel=\"prev\""
							      "\r\nLink: <?page=2>; rel=\"next\""});
	fake_registry_add_rule(fixture.fake,
			       &(struct fake_rule){.path = "/referrers/",
						   .skip = 1,
						   .status = 200,
						   .body = INDEX(REFERRER(2)),
						   .headers = "Content-Type: " MEDIA_TYPE_OCI_INDEX});
	EXPECT_OK(read_referrers(&fixture, &is_supported, &bytes, &err), &err);
	EXPECT(is_supported);
	EXPECT_STRING(bytes.buf, INDEX(REFERRER(1) "," REFERRER(2)));
	EXPECT(fake_registry_count(fixture.fake, NULL, "?page=2") == 1);
}

TEST(pages_elsewhere_and_without_end_are_not_read)
{
	CLEANUP(fixture_stop) struct fixture fixture = {0};
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	struct error err = ERROR_INIT;
	bool is_supported = false;

	start(&fixture);
	fake_registry_add_rule(fixture.fake,
			       &(struct fake_rule){.path = "/referrers/",
						   .first = 1,
						   .status = 200,
						   .body = INDEX(REFERRER(1)),
						   .headers = "Content-Type: " MEDIA_TYPE_OCI_INDEX
							      "\r\nLink: <http://127.0.0.2:1/x>; rel=next"});
	EXPECT_ERROR(read_referrers(&fixture, &is_supported, &bytes, &err), &err, ERROR_INVALID,
		     "another server");
	/* Two pages that name each other. */
	fake_registry_add_rule(fixture.fake,
			       &(struct fake_rule){.path = "/referrers/",
						   .status = 200,
						   .body = INDEX(REFERRER(1)),
						   .headers = "Content-Type: " MEDIA_TYPE_OCI_INDEX
							      "\r\nLink: <?b>; rel=next"});
	fake_registry_add_rule(fixture.fake,
			       &(struct fake_rule){.path = "?b",
						   .headers = "Content-Type: " MEDIA_TYPE_OCI_INDEX
							      "\r\nLink: <?a>; rel=next"});
	EXPECT_OK(read_referrers(&fixture, &is_supported, &bytes, &err), &err);
	EXPECT(fake_registry_count(fixture.fake, NULL, "/referrers/") == 1 + 3);
}

TEST(an_empty_list_is_nothing)
{
	CLEANUP(fixture_stop) struct fixture fixture = {.fake_options = {.has_referrers = true}};
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	struct error err = ERROR_INIT;
	bool is_supported = false;

	start(&fixture);
	EXPECT_OK(read_referrers(&fixture, &is_supported, &bytes, &err), &err);
	EXPECT(is_supported && bytes.len == 0);
}

TEST(where_there_is_no_api_a_tag_is_looked_at)
{
	static const int statuses[] = {400, 404, 405, 406, 200};

	for (size_t i = 0; i < ARRAY_LENGTH(statuses); i++) {
		CLEANUP(fixture_stop) struct fixture fixture = {0};
		CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;
		struct error err = ERROR_INIT;
		bool is_supported = true;
		start(&fixture);
		fake_registry_add_rule(
			fixture.fake,
			&(struct fake_rule){.path = "/referrers/", .status = statuses[i], .body = "<html>"});
		EXPECT_OK(read_referrers(&fixture, &is_supported, &bytes, &err), &err);
		EXPECT(!is_supported && bytes.len == 0);
		fake_registry_add_manifest(fixture.fake, "a/b",
					   "sha256-"
					   "59685d14054198fee6005106a66462a924cabe21f4b0c7c1fdf4da95ccee52bd",
					   MEDIA_TYPE_OCI_INDEX, INDEX(REFERRER(1)),
					   strlen(INDEX(REFERRER(1))), NULL);
		EXPECT_OK(read_referrers(&fixture, &is_supported, &bytes, &err), &err);
		EXPECT(!is_supported);
		EXPECT_STRING(bytes.buf, INDEX(REFERRER(1)));
	}
}
