/* SPDX-License-Identifier: Apache-2.0 */
/* A payload out of stored layers, and as a text for the work directory. */
#include "release/release.h"

#include "tests/tap.h"
#include "tests/unit/layer_fixture.h"

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define REFERENCES_OF(version) \
	"{\"kind\":\"ImageStream\", \"apiVersion\":\"image.openshift.io/v1\",\n" \
	"\"metadata\":{\"name\":\"" version "\"},\"spec\":{\"tags\":[{\"name\":\"cli\",\"from\":" \
	"{\"kind\":\"DockerImage\",\"name\":\"quay.io/a/b@sha256:" HEX "\"}}]}}\n"
#define REFERENCES REFERENCES_OF("4.16.3")
#define METADATA "{\"kind\":\"cincinnati-metadata-v0\", \"version\":\"4.16.3\",\"previous\":[\"4.15.9\"]}"
#define ANNOTATION "release.openshift.io/verification-config-map"
/* The texts of two keyrings, and of something else, in a ConfigMap in YAML. */
#define CONFIG_MAP(api_version, kind, annotation, key) \
	"apiVersion: " api_version "\nkind: " kind "\nmetadata:\n  name: release-verification\n" \
	"  annotations:\n    include.release.openshift.io/hypershift: \"true\"\n    " annotation "\n" \
	"data:\n  store-official: https://example.com/\n  verifier-public-key-a: |\n    " key \
	"\n    second line\n" \
	"  verifier-public-key-b: b\n"
#define KEYS(key) CONFIG_MAP("v1", "ConfigMap", ANNOTATION ": \"\"", key)
#define IN(name, text) FILE_ENTRY("release-manifests/" name, text)
#define BASE IN("image-references", REFERENCES), IN("release-metadata", METADATA)

struct fixture {
	struct fixture_image image;
	struct blob_store *store;
	struct descriptor layers[FIXTURE_MAX_LAYERS];
	struct progress progress;
};

static void fixture_release(struct fixture *fixture)
{
	fixture_image_release(&fixture->image);
	blob_store_freep(&fixture->store);
}

static int read_payload(struct fixture *fixture, struct release_payload *payload, struct error *err)
{
	CLEANUP(free_string) char *path = xasprintf("%s/store", test_directory());

	EXPECT_OK(directory_store_open(&fixture->store, path, DIRECTORY_CACHE, err), err);
	for (size_t i = 0; i < fixture->image.n_layers; i++) {
		const struct fixture_layer *layer = &fixture->image.layers[i];
		struct descriptor *descriptor = &fixture->layers[i];
		*descriptor = (struct descriptor){.size = layer->length};
		digest_of(layer->bytes, layer->length, &descriptor->digest);
		EXPECT_OK(
			blob_store_put(fixture->store, &descriptor->digest, layer->bytes, layer->length, err),
			err);
	}
	return release_payload_read(payload, fixture->store, fixture->layers, fixture->image.n_layers,
				    &fixture->progress, err);
}

#define FIXTURE_START \
	CLEANUP(fixture_release) struct fixture fixture = {0}; \
	CLEANUP(release_payload_release) struct release_payload payload = RELEASE_PAYLOAD_INIT; \
	struct error err = ERROR_INIT

TEST(the_top_layer_alone_is_read_if_all_is_in_it)
{
	FIXTURE_START;

	FIXTURE_ADD(&fixture.image, PACKING_NONE, IN("0000_lower.yaml", "a: b\n"),
		    IN("image-references", REFERENCES_OF("0.0.0")));
	FIXTURE_ADD(&fixture.image, PACKING_GZIP, FILE_ENTRY("etc/passwd", "x"),
		    DIRECTORY_ENTRY("release-manifests/"), IN("0000_50_a.yaml", "a: b\n"),
		    IN("b.yml", "a: b\n"), IN("c.json", "{}"), IN("README", "r"), IN("d/e.yaml", KEYS("no")),
		    BASE, IN("0000_90_keys.yaml", KEYS("key")),
		    SYMBOLIC_LINK_ENTRY("release-manifests/l.yaml", "b.yml"));
	EXPECT_OK(read_payload(&fixture, &payload, &err), &err);
	EXPECT_STRING(payload.version, "4.16.3");
	EXPECT_STRING(payload.references.buf, REFERENCES);
	EXPECT_STRING(payload.metadata.buf, METADATA);
	EXPECT(payload.n_components == 1 && payload.previous.count == 1);
	EXPECT(payload.n_manifests == 4);
	EXPECT(payload.n_other_files == 2);
	EXPECT(payload.warnings.count == 0);
	EXPECT(payload.keyrings.count == 2);
	EXPECT_STRING(payload.keyrings.items[0], "key\nsecond line\n");
	EXPECT_STRING(payload.keyrings.items[1], "b");
	EXPECT(fixture.progress.bytes_done == fixture.layers[1].size);
}

TEST(otherwise_all_layers_are_read)
{
	FIXTURE_START;

	FIXTURE_ADD(&fixture.image, PACKING_GZIP, IN("release-metadata", METADATA), IN("a.yaml", "a: 1\n"),
		    IN("gone.yaml", "a: 1\n"), IN("image-references", REFERENCES_OF("0.0.0")));
	FIXTURE_ADD(&fixture.image, PACKING_GZIP, IN("image-references", REFERENCES),
		    IN("a.yaml", KEYS("key")), IN(".wh.gone.yaml", ""), IN("b.yaml", "b: 1\n"));
	EXPECT_OK(read_payload(&fixture, &payload, &err), &err);
	EXPECT_STRING(payload.version, "4.16.3");
	EXPECT_STRING(payload.metadata.buf, METADATA);
	EXPECT(payload.n_manifests == 2 && payload.n_other_files == 0);
	EXPECT(payload.keyrings.count == 2);
	EXPECT(fixture.progress.bytes_done == fixture.layers[0].size + fixture.layers[1].size);
}

TEST(a_payload_without_metadata_is_fine)
{
	FIXTURE_START;

	FIXTURE_ADD(&fixture.image, PACKING_NONE, IN("image-references", REFERENCES));
	FIXTURE_ADD(&fixture.image, PACKING_NONE, FILE_ENTRY("etc/x", "x"));
	EXPECT_OK(read_payload(&fixture, &payload, &err), &err);
	EXPECT(payload.metadata.len == 0 && payload.previous.count == 0 && payload.n_components == 1);
}

TEST(the_later_of_two_files_counts)
{
	FIXTURE_START;

	FIXTURE_ADD(&fixture.image, PACKING_NONE, IN("image-references", REFERENCES_OF("0.0.0")),
		    IN("a.yaml", KEYS("first")), IN("x", "1"), IN("b.yaml", KEYS("second")),
		    IN("bad.yaml", ANNOTATION ": ["), BASE, IN("a.yaml", "a: b\n"), IN("x", "2"),
		    IN("bad.yaml", "a: b\n"));
	EXPECT_OK(read_payload(&fixture, &payload, &err), &err);
	EXPECT_STRING(payload.version, "4.16.3");
	EXPECT_STRING(payload.references.buf, REFERENCES);
	EXPECT(payload.n_manifests == 3 && payload.n_other_files == 1);
	EXPECT(payload.warnings.count == 0);
	EXPECT(payload.keyrings.count == 2);
	EXPECT_STRING(payload.keyrings.items[0], "second\nsecond line\n");
}

TEST(what_is_no_release_is_asked_about)
{
	FIXTURE_START;

	EXPECT_ERROR(read_payload(&fixture, &payload, &err), &err, ERROR_NOT_FOUND,
		     "is this a release image?");
	FIXTURE_ADD(&fixture.image, PACKING_NONE, FILE_ENTRY("release-manifests", "x"),
		    FILE_ENTRY("image-references", REFERENCES), IN("d/image-references", REFERENCES));
	blob_store_freep(&fixture.store);
	EXPECT_ERROR(
		read_payload(&fixture, &payload, &err), &err, ERROR_NOT_FOUND,
		"unable to load image-references from release payload: /release-manifests/image-references "
		"is not in the image; is this a release image?");
	EXPECT(!payload.version);
}

static void expect_refused(const struct fixture_entry *entries, size_t n_entries, const char *part)
{
	FIXTURE_START;

	fixture_add_packed(&fixture.image, PACKING_NONE, entries, n_entries);
	EXPECT_ERROR(read_payload(&fixture, &payload, &err), &err, ERROR_INVALID, part);
	EXPECT(!payload.version && !payload.references.len && !payload.n_manifests);
}

#define EXPECT_REFUSED(part, ...) \
	expect_refused((const struct fixture_entry[]){__VA_ARGS__}, \
		       ARRAY_LENGTH(((const struct fixture_entry[]){__VA_ARGS__})), part)

TEST(bad_and_large_files_are_refused)
{
	CLEANUP(free_memory) char *large = xcalloc(RELEASE_MAX_REFERENCES_SIZE + 1, 1);
	struct fixture_entry references = {
		.path = "release-manifests/image-references",
		.text = large,
		.size_bytes = RELEASE_MAX_REFERENCES_SIZE + 1,
	};
	struct fixture_entry metadata = {
		.path = "release-manifests/release-metadata",
		.text = large,
		.size_bytes = RELEASE_MAX_METADATA_SIZE + 1,
	};

	EXPECT_REFUSED("API version", IN("image-references", "{}"));
	EXPECT_REFUSED("release-metadata: kind: is missing", IN("image-references", REFERENCES),
		       IN("release-metadata", "{}"));
	EXPECT_REFUSED("release-metadata: line 1", IN("image-references", REFERENCES),
		       IN("release-metadata", ""));
	EXPECT_REFUSED("release-manifests/image-references: is larger than 4194304 bytes", references);
	EXPECT_REFUSED("release-manifests/release-metadata: is larger than 1048576 bytes", BASE, metadata);
}

TEST(a_link_in_place_of_the_directory_is_refused)
{
	EXPECT_REFUSED("which is not followed", SYMBOLIC_LINK_ENTRY("release-manifests", "etc"), BASE);
}

TEST(the_number_of_files_is_limited)
{
	CLEANUP(free_memory)
	struct fixture_entry *entries = xcalloc(RELEASE_MAX_FILES + 2, sizeof(*entries));

	for (size_t i = 0; i < RELEASE_MAX_FILES + 2; i++)
		entries[i] = (struct fixture_entry)IN("a", "");
	expect_refused(entries, RELEASE_MAX_FILES + 2, "release-manifests/: has more than 65536 files");
}

/* --- keys */

/* The first line of the first keyring, "none" without any; or the warning, of which there is one. */
static char *read_keys(const struct fixture_entry *entries, size_t n_entries)
{
	CLEANUP(free_memory) struct fixture_entry *all = xcalloc(n_entries + 2, sizeof(*all));
	const struct fixture_entry base[] = {BASE};
	FIXTURE_START;

	memcpy(all, entries, n_entries * sizeof(*all));
	memcpy(all + n_entries, base, sizeof(base));
	fixture_add_packed(&fixture.image, PACKING_GZIP, all, n_entries + 2);
	EXPECT_OK(read_payload(&fixture, &payload, &err), &err);
	EXPECT(payload.n_manifests == n_entries);
	if (payload.warnings.count)
		return xasprintf("%zu, warning: %s", payload.keyrings.count, payload.warnings.items[0]);
	if (!payload.keyrings.count)
		return xstrdup("none");
	const char *text = payload.keyrings.items[0];
	return xstrndup(text, strcspn(text, "\n"));
}

#define EXPECT_KEYS(want, ...) \
	do { \
		CLEANUP(free_string) char *keys_ = \
			read_keys((const struct fixture_entry[]){__VA_ARGS__}, \
				  ARRAY_LENGTH(((const struct fixture_entry[]){__VA_ARGS__}))); \
		EXPECT_STRING(keys_, want); \
	} while (0)

TEST(keys_are_those_of_the_first_config_map_with_the_annotation)
{
	EXPECT_KEYS("one", IN("b.yaml", KEYS("one")), IN("a.yaml", KEYS("two")));
	EXPECT_KEYS("one", IN("a.yaml", KEYS("one") "---\n" KEYS("two")));
	EXPECT_KEYS("one", IN("a.yaml", CONFIG_MAP("v1", "ConfigMap", ANNOTATION ":", "one")));
	EXPECT_KEYS("one", IN("a.yml", CONFIG_MAP("v1", "ConfigMap", ANNOTATION ": 7", "one")));
}

TEST(other_objects_are_passed_over)
{
	EXPECT_KEYS("two", IN("a.yaml", CONFIG_MAP("v1", "ConfigMap", ANNOTATION "-not: \"\"", "one")),
		    IN("b.yaml",
		       "# a comment\n---\n---\n" CONFIG_MAP(
			       "v1", "Secret", ANNOTATION ": \"\"",
			       "one") "---\n" CONFIG_MAP("extensions/v1", "ConfigMap", ANNOTATION ": \"\"",
							 "one") "---\n" KEYS("two")));
	EXPECT_KEYS("none", IN("a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n"
					 "  verifier-public-key-a: one\n  text: " ANNOTATION "\n"));
	EXPECT_KEYS("none", IN("a.yaml", "- 1\n---\n" ANNOTATION "\n"));
}

/* Two objects in one file, of which the second is a ConfigMap, and then one with the annotation. */
TEST(a_manifest_may_hold_several_objects)
{
	static const char ingress[] =
		"\napiVersion: extensions/v1beta1\nkind: Ingress\nmetadata:\n  name: test-ingress\n"
		"  namespace: test-namespace\nspec:\n  rules:\n  - http:\n      paths:\n"
		"      - path: /testpath\n        backend:\n          serviceName: test\n"
		"          servicePort: 80\n";
	static const char config_map[] = "---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a-config\n"
					 "  namespace: default\ndata:\n  color: \"red\"\n  multi-line: |\n"
					 "    hello world\n    how are you?\n";
	CLEANUP(free_string) char *without = xasprintf("%s# " ANNOTATION "\n%s", ingress, config_map);
	CLEANUP(free_string) char *with = xasprintf("%s%s---\n%s", ingress, config_map, KEYS("one"));

	EXPECT_KEYS("none", IN("a.yaml", without));
	EXPECT_KEYS("one", IN("a.yaml", with));
}

TEST(a_config_map_without_keys_hides_later_ones)
{
	EXPECT_KEYS("none",
		    IN("a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  annotations:\n    " ANNOTATION
				 ": \"\"\n"),
		    IN("b.yaml", KEYS("two")));
}

TEST(keys_may_be_in_json)
{
	static const char text[] = "{\n\t\"apiVersion\": \"v1\", \"kind\": \"ConfigMap\",\n\t\"metadata\": "
				   "{\"annotations\": {\"" ANNOTATION "\": \"\"}},\n\t\"data\": "
				   "{\"verifier-public-key-x\": \"one\\ntwo\\/\\u00e9\"}\n}\n";

	EXPECT_KEYS("one", IN("a.json", text));
	EXPECT_KEYS("none", IN("a.json", "[\"" ANNOTATION "\"]"));
}

/* The manifest of real releases has "namespace" twice; clusters take it. */
TEST(of_keys_that_are_there_twice_the_later_counts)
{
	EXPECT_KEYS("one",
		    IN("a.yaml", KEYS("one") "kind: ConfigMap\nmetadata:\n  namespace: a\n  namespace: b\n"
					     "  annotations:\n    " ANNOTATION ": \"\"\n"));
	EXPECT_KEYS("none", IN("a.yaml", KEYS("one") "kind: Secret\n"));
	EXPECT_KEYS("none", IN("a.yaml", KEYS("one") "metadata: {}\n"));
	EXPECT_KEYS("none", IN("a.yaml", KEYS("one") "apiVersion: v2\n"));
}

TEST(only_the_places_that_matter_are_looked_at)
{
	/* an annotation elsewhere, keys elsewhere, keys that are no scalars, anchors, aliases, tags */
	EXPECT_KEYS("none",
		    IN("a.yaml", "apiVersion: v1\nkind: ConfigMap\nspec:\n  annotations:\n    " ANNOTATION
				 ": a\ndata:\n  verifier-public-key-a: a\n"));
	EXPECT_KEYS("none",
		    IN("a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  " ANNOTATION
				 ": a\ndata:\n  verifier-public-key-a: a\n"));
	EXPECT_KEYS("none",
		    IN("a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  annotations:\n  - " ANNOTATION
				 "\ndata:\n  verifier-public-key-a: a\n"));
	EXPECT_KEYS("one",
		    IN("a.yaml",
		       KEYS("one") "? {data: a, metadata: b}\n: [{kind: x}, [y]]\n? {kind: a}\n: Secret\n"
				   "spec: {data: {verifier-public-key-a: [1]}, kind: z}\n"
				   "x: &x !t [1, 2]\ny: {? *x : *x}\nz: [*x, {a: b}]\n"));
}

TEST(manifests_that_cannot_be_read_are_warnings)
{
#define BEHIND "; update keys are not looked for in it"
	EXPECT_KEYS("2, warning: a.yaml: line 2: did not find expected node content" BEHIND,
		    IN("a.yaml", ANNOTATION ": [\n"), IN("b.yaml", KEYS("one")));
	EXPECT_KEYS("2, warning: a\\x0a.yaml: line 1: contains a NUL" BEHIND,
		    IN("a\n.yaml", ANNOTATION ": \"\\0\"\n"), IN("b.yaml", KEYS("one")));
	EXPECT_KEYS("0, warning: a.yaml: line 14: a verifier-public-key is not a text" BEHIND,
		    IN("a.yaml", KEYS("one") "  verifier-public-key-c: [a]\n"));
	EXPECT_KEYS("0, warning: a.yaml: line 14: aliases are not read; write the value out" BEHIND,
		    IN("a.yaml", KEYS("one") "  verifier-public-key-c: *a\n"));
#undef BEHIND
}

TEST(deep_manifests_are_warnings)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;

	strbuf_add_string(&text, KEYS("one") "x: ");
	for (int i = 0; i < 100000; i++)
		strbuf_add_char(&text, '[');
	EXPECT_KEYS("0, warning: a.yaml: line 14: is nested too deeply; update keys are not looked for in it",
		    IN("a.yaml", text.buf));
}

TEST(the_number_of_warnings_is_limited)
{
	struct fixture_entry entries[25];
	static char names[25][40];
	FIXTURE_START;

	for (size_t i = 0; i < ARRAY_LENGTH(entries); i++) {
		snprintf(names[i], sizeof(names[i]), "release-manifests/%zu.yaml", i);
		entries[i] = (struct fixture_entry)FILE_ENTRY(names[i], ANNOTATION ": [");
	}
	FIXTURE_ADD(&fixture.image, PACKING_NONE, BASE);
	fixture_add_packed(&fixture.image, PACKING_GZIP, entries, ARRAY_LENGTH(entries));
	EXPECT_OK(read_payload(&fixture, &payload, &err), &err);
	EXPECT(payload.warnings.count == 21);
	if (payload.warnings.count == 21)
		EXPECT_STRING(payload.warnings.items[20],
			      "update keys are not looked for in 5 more manifests");
}

TEST(large_manifests_are_not_looked_at)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;

	strbuf_add_string(&text, KEYS("one"));
	strbuf_grow(&text, RELEASE_MAX_MANIFEST_SIZE + 1);
	memset(text.buf + text.len, '#', RELEASE_MAX_MANIFEST_SIZE + 1 - text.len);
	strbuf_set_length(&text, RELEASE_MAX_MANIFEST_SIZE + 1);
	EXPECT_KEYS("2, warning: a.yaml: is larger than 4194304 bytes; update keys are not looked for in it",
		    IN("a.yaml", text.buf), IN("b.yaml", KEYS("two")));
	strbuf_set_length(&text, RELEASE_MAX_MANIFEST_SIZE);
	EXPECT_KEYS("one", IN("a.yaml", text.buf));
	EXPECT_KEYS("2, warning: b.yaml: is one of too many manifests that mention update keys; they are not "
		    "looked "
		    "for in it",
		    IN("a.yaml", text.buf), IN("b.yaml", KEYS("two")));
}

/* --- the text for the work directory */

static void expect_same_list(const struct strvec *a, const struct strvec *b)
{
	EXPECT(a->count == b->count);
	for (size_t i = 0; i < a->count && i < b->count; i++)
		EXPECT_STRING(a->items[i], b->items[i]);
}

TEST(a_payload_comes_back_from_its_text)
{
	FIXTURE_START;
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;
	CLEANUP(release_payload_release) struct release_payload again = RELEASE_PAYLOAD_INIT;

	FIXTURE_ADD(&fixture.image, PACKING_GZIP, BASE, IN("a.yaml", KEYS("key \"\t\xC3\xA9\xC2\x85")),
		    IN("x", "1"), IN("b.yaml", ANNOTATION ": ["));
	EXPECT_OK(read_payload(&fixture, &payload, &err), &err);
	release_payload_format(&payload, &text);
	EXPECT_OK(release_payload_parse(&again, text.buf, text.len, &err), &err);
	EXPECT_STRING(again.version, payload.version);
	EXPECT(again.n_components == 1);
	EXPECT_STRING(again.components[0].image, payload.components[0].image);
	EXPECT_STRING(again.references.buf, REFERENCES);
	EXPECT_STRING(again.metadata.buf, METADATA);
	EXPECT(again.n_manifests == 2 && again.n_other_files == 1);
	EXPECT(again.warnings.count == 1 && again.keyrings.count == 2 && again.previous.count == 1);
	expect_same_list(&again.previous, &payload.previous);
	expect_same_list(&again.keyrings, &payload.keyrings);
	expect_same_list(&again.warnings, &payload.warnings);
}

TEST(a_payload_without_metadata_comes_back_without)
{
	FIXTURE_START;
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;
	CLEANUP(release_payload_release) struct release_payload again = RELEASE_PAYLOAD_INIT;

	FIXTURE_ADD(&fixture.image, PACKING_NONE, IN("image-references", REFERENCES));
	EXPECT_OK(read_payload(&fixture, &payload, &err), &err);
	release_payload_format(&payload, &text);
	EXPECT_OK(release_payload_parse(&again, text.buf, text.len, &err), &err);
	EXPECT(again.n_components == 1 && again.metadata.len == 0 && again.keyrings.count == 0);
}

static void expect_bad_text(const char *text, const char *part)
{
	CLEANUP(release_payload_release) struct release_payload payload = RELEASE_PAYLOAD_INIT;
	struct error err = ERROR_INIT;

	EXPECT_ERROR(release_payload_parse(&payload, text, strlen(text), &err), &err, ERROR_INVALID, part);
	EXPECT(!payload.version && !payload.references.len);
}

TEST(a_text_is_checked_again)
{
#define HEAD \
	"{\"format\":1,\"references\":\"{\\\"kind\\\":\\\"ImageStream\\\",\\\"apiVersion\\\":\\\"image." \
	"openshift.io/v1\\\"," \
	"\\\"metadata\\\":{\\\"name\\\":\\\"1.0.0\\\"},\\\"spec\\\":{\\\"tags\\\":[{\\\"name\\\":" \
	"\\\"cli\\\",\\\"from\\\":" \
	"{\\\"kind\\\":\\\"DockerImage\\\",\\\"name\\\":\\\"a/b@sha256:" HEX "\\\"}}]}}\""
	expect_bad_text("", "payload: line 1");
	expect_bad_text("[]", "payload: is an array, should be an object");
	expect_bad_text("{}", "payload: format: is missing");
	expect_bad_text("{\"format\":2}", "payload: format: is not 1");
	expect_bad_text("{\"format\":1}", "payload: references: is missing");
	expect_bad_text("{\"format\":1,\"references\":\"{}\"}", "API version");
	expect_bad_text(HEAD ",\"metadata\":\"\"}", "release-metadata: line 1");
	expect_bad_text(HEAD ",\"metadata\":1}", "payload: metadata: is a number");
	expect_bad_text(HEAD ",\"keyrings\":[1]}", "payload: keyrings[0]: is a number");
	expect_bad_text(HEAD ",\"warnings\":{}}", "payload: warnings: is an object");
	expect_bad_text(HEAD "}", "payload: manifests: is missing");
	expect_bad_text(HEAD ",\"manifests\":1,\"otherFiles\":-1}", "payload: otherFiles: is negative");
	expect_bad_text(HEAD ",\"manifests\":65537,\"otherFiles\":1}", "payload: manifests: is 65537");
#undef HEAD
}
