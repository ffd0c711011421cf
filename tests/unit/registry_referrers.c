/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests with a subject, and the list that a client keeps where the registry does not. */
#include "base/parallel.h"
#include "tests/unit/registry_fixture.h"

#define SUBJECT "sha256:59685d14054198fee6005106a66462a924cabe21f4b0c7c1fdf4da95ccee52bd"
#define TAG "sha256-59685d14054198fee6005106a66462a924cabe21f4b0c7c1fdf4da95ccee52bd"
#define CONFIG "\"config\":{\"mediaType\":\"x/config\"}"
#define INDEX(items) \
	"{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_TYPE_OCI_INDEX "\",\"manifests\":[" items "]}"

static void start(struct fixture *fixture)
{
	fixture->side = REGISTRY_TARGET;
	fixture->fake_options.accepts_missing_references = true;
	fixture_start(fixture);
}

static int write_with(struct registry_session *session, const struct repository *repository, const char *text,
		      struct digest *digest, struct error *err)
{
	digest_of(text, strlen(text), digest);
	return registry_write_manifest(session, repository, NULL, MEDIA_TYPE_OCI_MANIFEST, digest, text,
				       strlen(text), err);
}

/* A manifest with these members. Its digest's text is left in `name`. */
static int write_manifest(struct fixture *fixture, const char *members, char name[DIGEST_TEXT_SIZE],
			  struct error *err)
{
	CLEANUP(free_string) char *text = xasprintf("{\"schemaVersion\":2,%s}", members);
	struct digest digest;
	int result = write_with(fixture->session, &fixture->repository, text, &digest, err);

	digest_format(&digest, name);
	return result;
}

static void expect_list(struct fixture *fixture, const char *wanted)
{
	CLEANUP(free_string) char *list = fake_registry_read_manifest(fixture->fake, "a/b", TAG);

	EXPECT_STRING(list ? list : "none", wanted);
}

TEST(a_referrer_is_listed_under_the_tag_of_its_subject)
{
	static const struct {
		const char *members, *described;
	} cases[] = {
		{CONFIG, ",\"artifactType\":\"x/config\""},
		{CONFIG ",\"artifactType\":\"x/y\"", ",\"artifactType\":\"x/y\""},
		{CONFIG ",\"artifactType\":\"\"", ",\"artifactType\":\"x/config\""},
		{"\"artifactType\":\"x/y\",\"annotations\":{\"b\":\"1\",\"a\":\"2\"}",
		 ",\"artifactType\":\"x/y\",\"annotations\":{\"b\":\"1\",\"a\":\"2\"}"},
		{"\"annotations\":{}", ""},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		CLEANUP(fixture_stop) struct fixture fixture = {0};
		CLEANUP(free_string) char *members =
			xasprintf("\"subject\":{\"digest\":\"" SUBJECT "\"},%s", cases[i].members);
		struct error err = ERROR_INIT;
		char name[DIGEST_TEXT_SIZE];
		start(&fixture);
		EXPECT_OK(write_manifest(&fixture, members, name, &err), &err);
		CLEANUP(free_string) char *wanted = xasprintf(
			INDEX("{\"mediaType\":\"" MEDIA_TYPE_OCI_MANIFEST
			      "\",\"digest\":\"%s\",\"size\":%zu%s}"),
			name, strlen(members) + strlen("{\"schemaVersion\":2,}"), cases[i].described);
		expect_list(&fixture, wanted);
		/* The manifest; the list, which is not there, is written and read again. */
		EXPECT(fake_registry_count(fixture.fake, "PUT", NULL) == 2);
		EXPECT(fake_registry_count(fixture.fake, "GET", TAG) == 2);
	}
}

TEST(a_registry_with_the_api_keeps_the_list_itself)
{
	CLEANUP(fixture_stop) struct fixture fixture = {.fake_options = {.has_referrers = true}};
	struct error err = ERROR_INIT;
	char name[DIGEST_TEXT_SIZE];

	start(&fixture);
	EXPECT_OK(write_manifest(&fixture, "\"subject\":{\"digest\":\"" SUBJECT "\"}", name, &err), &err);
	EXPECT(fake_registry_count(fixture.fake, NULL, "/manifests/") == 1);
}

TEST(what_has_no_subject_is_not_listed)
{
	static const char *const members[] = {
		"\"annotations\":{\"subject\":\"" SUBJECT "\"}",
		"\"a\":{\"subject\":{\"digest\":\"" SUBJECT "\"}}",
		"\"a\":\"subject\"",
		"\"subject\":null",
		"\"subject\":{\"digest\":7}",
	};

	for (size_t i = 0; i < ARRAY_LENGTH(members); i++) {
		CLEANUP(fixture_stop) struct fixture fixture = {0};
		struct error err = ERROR_INIT;
		char name[DIGEST_TEXT_SIZE];
		start(&fixture);
		EXPECT_OK(write_manifest(&fixture, members[i], name, &err), &err);
		EXPECT(fake_registry_count(fixture.fake, NULL, "/manifests/") == 1);
	}
}

/* Digests that cannot be put into a tag by us, or by anybody. */
TEST(subjects_with_other_digests_are_left_alone)
{
	static const char *const digests[] = {"sha512:00", "sha256:../../x", ""};

	for (size_t i = 0; i < ARRAY_LENGTH(digests); i++) {
		CLEANUP(fixture_stop) struct fixture fixture = {0};
		CLEANUP(free_string) char *members = xasprintf("\"subject\":{\"digest\":\"%s\"}", digests[i]);
		struct error err = ERROR_INIT;
		char name[DIGEST_TEXT_SIZE];
		start(&fixture);
		EXPECT_OK(write_manifest(&fixture, members, name, &err), &err);
		EXPECT(fake_registry_count(fixture.fake, NULL, "/manifests/") == 1);
	}
}

#define KEPT_FIRST "{\"digest\":\"sha256:00\",\"size\":5,\"platform\":{\"os\":\"x\"},\"odd\":[1.5,null]}"
#define KEPT_LAST "{\"size\":1,\"digest\":\"sha256:ff\"}"

TEST(what_is_in_the_list_stays_and_nothing_is_listed_twice)
{
	CLEANUP(fixture_stop) struct fixture fixture = {0};
	static const char list[] = "{\"schemaVersion\": 2, \"manifests\":[" KEPT_LAST "," KEPT_FIRST
				   "],\"annotations\":{\"a\":\"b\"}}";
	struct error err = ERROR_INIT;
	char name[DIGEST_TEXT_SIZE];

	start(&fixture);
	fake_registry_add_manifest(fixture.fake, "a/b", TAG, MEDIA_TYPE_OCI_INDEX, list, strlen(list), NULL);
	for (int i = 0; i < 2; i++) {
		EXPECT_OK(write_manifest(&fixture, "\"subject\":{\"digest\":\"" SUBJECT "\"}", name, &err),
			  &err);
		CLEANUP(free_string) char *wanted = xasprintf(
			"{\"schemaVersion\":2,\"manifests\":[" KEPT_FIRST
			",{\"mediaType\":\"" MEDIA_TYPE_OCI_MANIFEST
			"\",\"digest\":\"%s\",\"size\":114}," KEPT_LAST "],\"annotations\":{\"a\":\"b\"}}",
			name);
		expect_list(&fixture, wanted);
	}
	EXPECT(fake_registry_count(fixture.fake, "PUT", TAG) == 1);
}

TEST(a_list_that_somebody_else_has_replaced_is_written_once_more)
{
	CLEANUP(fixture_stop) struct fixture fixture = {0};
	struct error err = ERROR_INIT;
	char name[DIGEST_TEXT_SIZE];

	start(&fixture);
	fake_registry_add_rule(
		fixture.fake,
		&(struct fake_rule){.method = "GET",
				    .path = TAG,
				    .skip = 1,
				    .first = 1,
				    .body = INDEX(KEPT_LAST),
				    .headers =
					    "Docker-Content-Digest:\r\nContent-Type: " MEDIA_TYPE_OCI_INDEX});
	EXPECT_OK(write_manifest(&fixture, "\"subject\":{\"digest\":\"" SUBJECT "\"}", name, &err), &err);
	EXPECT(fake_registry_count(fixture.fake, "PUT", TAG) == 2);
	CLEANUP(free_string) char *list = fake_registry_read_manifest(fixture.fake, "a/b", TAG);
	EXPECT(list && strstr(list, name) && strstr(list, KEPT_LAST));
}

TEST(a_tag_that_holds_something_else_is_not_replaced)
{
	static const struct {
		const char *type, *text;
	} cases[] = {
		{MEDIA_TYPE_OCI_MANIFEST, "{\"schemaVersion\":2}"},
		{MEDIA_TYPE_OCI_INDEX, "{\"schemaVersion\":2,\"manifests\":7}"},
		{MEDIA_TYPE_OCI_INDEX, "[]"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		CLEANUP(fixture_stop) struct fixture fixture = {0};
		struct error err = ERROR_INIT;
		char name[DIGEST_TEXT_SIZE];
		start(&fixture);
		fake_registry_add_manifest(fixture.fake, "a/b", TAG, cases[i].type, cases[i].text,
					   strlen(cases[i].text), NULL);
		EXPECT_ERROR(write_manifest(&fixture, "\"subject\":{\"digest\":\"" SUBJECT "\"}", name, &err),
			     &err, ERROR_INVALID, "a/b: tag " TAG ": is ");
		EXPECT(fake_registry_count(fixture.fake, "PUT", TAG) == 0);
	}
}

TEST(a_403_for_a_list_that_is_not_there_is_no_obstacle)
{
	CLEANUP(fixture_stop) struct fixture fixture = {0};
	struct error err = ERROR_INIT;
	char name[DIGEST_TEXT_SIZE];

	start(&fixture);
	fake_registry_add_rule(fixture.fake,
			       &(struct fake_rule){.method = "GET", .path = TAG, .status = 403});
	fake_registry_add_rule(fixture.fake,
			       &(struct fake_rule){.method = "HEAD", .path = TAG, .status = 403});
	EXPECT_OK(write_manifest(&fixture, "\"subject\":{\"digest\":\"" SUBJECT "\"}", name, &err), &err);
	EXPECT(fake_registry_count(fixture.fake, "PUT", TAG) == 2);
}

/* --- many at a time */

#define THREADS 4
#define REFERRERS 12

struct crowd {
	struct fixture *fixture;
	struct registry_session *sessions[THREADS];
};

static void write_one(size_t index, unsigned worker, void *context)
{
	struct crowd *crowd = context;
	CLEANUP(free_string) char *text =
		xasprintf("{\"schemaVersion\":2,\"n\":%zu,\"subject\":{\"digest\":\"" SUBJECT "\"}}", index);
	struct error err = ERROR_INIT;
	struct digest digest;

	EXPECT_OK(write_with(crowd->sessions[worker], &crowd->fixture->repository, text, &digest, &err),
		  &err);
}

TEST(threads_do_not_overwrite_one_anothers_lists)
{
	CLEANUP(fixture_stop) struct fixture fixture = {0};
	struct crowd crowd = {.fixture = &fixture};
	size_t listed = 0;

	start(&fixture);
	fake_registry_add_rule(fixture.fake, &(struct fake_rule){.path = TAG, .delay_ms = 2});
	for (size_t i = 0; i < THREADS; i++)
		crowd.sessions[i] = registry_session_new(fixture.client);
	parallel_for(REFERRERS, THREADS, write_one, &crowd);
	for (size_t i = 0; i < THREADS; i++)
		registry_session_free(crowd.sessions[i]);
	CLEANUP(free_string) char *list = fake_registry_read_manifest(fixture.fake, "a/b", TAG);
	for (const char *at = list; at && (at = strstr(at, "\"digest\"")); at++)
		listed++;
	EXPECT(listed == REFERRERS);
	EXPECT(fake_registry_count(fixture.fake, "PUT", TAG) == REFERRERS);
}

/* --- what a registry says */

static void add_page(struct fixture *fixture, const char *body, const char *link)
{
	CLEANUP(free_string) char *headers =
		xasprintf("Content-Type: " MEDIA_TYPE_OCI_INDEX "%s%s", *link ? "\r\nLink: " : "", link);

	fake_registry_add_rule(
		fixture->fake,
		&(struct fake_rule){.path = "/referrers/", .status = 200, .body = body, .headers = headers});
}

static int read_list(struct fixture *fixture, struct strbuf *bytes, struct error *err)
{
	struct digest digest;
	bool is_supported;

	digest_of("x", 1, &digest);
	return registry_read_referrers(fixture->session, &fixture->repository, &digest, &is_supported, bytes,
				       err);
}

TEST(a_list_that_can_be_read_in_two_ways_is_refused)
{
	static const char *const bodies[] = {"{\"Manifests\":[]}", "{\"manifests\":[],\"manifests\":[]}",
					     "{\"manifests\":{}}", "[]"};

	for (size_t i = 0; i < ARRAY_LENGTH(bodies); i++) {
		CLEANUP(fixture_stop) struct fixture fixture = {0};
		CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;
		struct error err = ERROR_INIT;
		start(&fixture);
		add_page(&fixture, bodies[i], "");
		EXPECT_ERROR(read_list(&fixture, &bytes, &err), &err, ERROR_INVALID, "list of referrers");
	}
}

TEST(all_pages_together_are_no_larger_than_a_manifest)
{
	CLEANUP(fixture_stop) struct fixture fixture = {0};
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT, body = STRBUF_INIT;
	struct error err = ERROR_INIT;

	start(&fixture);
	strbuf_add_string(&body, "{\"manifests\":[{\"digest\":\"");
	for (size_t i = 0; i < 3u << 20; i++)
		strbuf_add_char(&body, 'x');
	strbuf_add_string(&body, "\"}]}");
	add_page(&fixture, body.buf, "<?1>; rel=next");
	fake_registry_add_rule(fixture.fake,
			       &(struct fake_rule){.path = "?1",
						   .headers = "Content-Type: " MEDIA_TYPE_OCI_INDEX
							      "\r\nLink: <?2>; rel=next"});
	EXPECT_ERROR(read_list(&fixture, &bytes, &err), &err, ERROR_INVALID, "larger than");
	/* The third is cut, and its end is not waited for. */
	EXPECT(fake_registry_count(fixture.fake, NULL, "/referrers/") <= 3);
	EXPECT(fake_registry_bytes_sent(fixture.fake) < 10u << 20);
}
