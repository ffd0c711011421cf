/* SPDX-License-Identifier: Apache-2.0 */
/* image-references and release-metadata: what is read, and what is refused in which words. */
#include "release/release.h"

#include <string.h>

#include "tests/tap.h"

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define HEAD \
	"{\"kind\":\"ImageStream\",\"apiVersion\":\"image.openshift.io/" \
	"v1\",\"metadata\":{\"name\":\"4.16.3\"}"
#define IMAGE(text) "\"from\":{\"kind\":\"DockerImage\",\"name\":\"" text "\"}"
#define TAG(name, image) "{\"name\":\"" name "\"," IMAGE(image) "}"
#define GOOD "quay.io/openshift-release-dev/ocp-v4.0-art-dev@sha256:" HEX
#define STREAM(tags) HEAD ",\"spec\":{\"tags\":[" tags "]}}"

static int parse(struct release_payload *payload, const char *text, struct error *err)
{
	return release_parse_references(payload, text, strlen(text), err);
}

static void expect_refused(const char *text, const char *part)
{
	CLEANUP(release_payload_release) struct release_payload payload = RELEASE_PAYLOAD_INIT;
	struct error err = ERROR_INIT;

	EXPECT_ERROR(parse(&payload, text, &err), &err, ERROR_INVALID, part);
	EXPECT(!payload.version && !payload.components && !payload.n_components);
}

TEST(a_release_has_a_version_and_components)
{
	CLEANUP(release_payload_release) struct release_payload payload = RELEASE_PAYLOAD_INIT;
	static const char annotations[] =
		"\"annotations\":{\"io.openshift.build.versions\":\"kubernetes=1.29.6\","
		"\"io.openshift.build.version-display-names\":\"kubernetes=Kubernetes\","
		"\"io.openshift.build.source-location\":\"https://example.com/cli\","
		"\"io.openshift.build.commit.id\":\"abc\",\"io.openshift.build.commit.ref\":\"\"}";
	CLEANUP(free_string) char *text = xasprintf(
		STREAM(TAG("zz_last.1", GOOD) ",{\"name\":\"cli\",%s," IMAGE(GOOD) "}"), annotations);
	struct error err = ERROR_INIT;

	EXPECT_OK(parse(&payload, text, &err), &err);
	EXPECT_STRING(payload.version, "4.16.3");
	EXPECT(payload.n_components == 2);
	EXPECT_STRING(payload.components[0].name, "zz_last.1");
	EXPECT(!payload.components[0].versions && !payload.components[0].source_commit_id);
	const struct release_component *cli = release_find_component(&payload, "cli");
	EXPECT(cli == &payload.components[1]);
	EXPECT_STRING(cli->image, GOOD);
	EXPECT_STRING(cli->reference.registry, "quay.io");
	EXPECT_STRING(cli->reference.id, "sha256:" HEX);
	char hex[DIGEST_HEX_LENGTH + 1];
	EXPECT_STRING(digest_format_hex(&cli->digest, hex), HEX);
	EXPECT_STRING(cli->versions, "kubernetes=1.29.6");
	EXPECT_STRING(cli->display_names, "kubernetes=Kubernetes");
	EXPECT_STRING(cli->source_location, "https://example.com/cli");
	EXPECT_STRING(cli->source_commit_id, "abc");
	EXPECT(!release_find_component(&payload, "oc"));
}

TEST(tags_that_are_no_images_are_passed_over)
{
	CLEANUP(release_payload_release) struct release_payload payload = RELEASE_PAYLOAD_INIT;
	struct error err = ERROR_INIT;

	EXPECT_OK(parse(&payload,
			STREAM("{\"name\":\"../a\"},{\"name\":\"b\",\"from\":null},"
			       "{\"name\":\"c\",\"from\":{\"kind\":\"ImageStreamTag\",\"name\":\"x:y\"}},"
			       "{\"name\":\"d\",\"from\":{\"name\":\"x:y\"}}," TAG("cli", GOOD)),
			&err),
		  &err);
	EXPECT(payload.n_components == 1);
	EXPECT_STRING(payload.components[0].name, "cli");
}

TEST(what_is_no_image_stream_is_refused)
{
	expect_refused("", "image-references: line 1: ");
	expect_refused("kind: ImageStream\n", "image-references: line 1: ");
	expect_refused("[]", "image-references: is an array, should be an object");
	expect_refused("{\"kind\":\"ImageStream\",\"apiVersion\":\"v1\"}",
		       "unrecognized image-references in release payload: API version \"v1\" is not "
		       "image.openshift.io/v1");
	expect_refused("{\"kind\":\"ImageStream\"}",
		       "unrecognized image-references in release payload: API version \"\" is not "
		       "image.openshift.io/v1");
	expect_refused(
		"{\"kind\":\"Image\\u001b\",\"apiVersion\":\"image.openshift.io/v1\"}",
		"unrecognized image-references in release payload: kind \"Image\\x1b\" is not ImageStream");
	expect_refused("{\"kind\":3,\"apiVersion\":\"image.openshift.io/v1\"}",
		       "image-references: kind: is a number, should be a string");
	expect_refused(HEAD ",\"kind\":\"ImageStream\"}", "duplicate");
}

TEST(a_version_must_fit_into_a_tag)
{
#define VERSION(text) \
	"{\"kind\":\"ImageStream\",\"apiVersion\":\"image.openshift.io/v1\",\"metadata\":{" text "}}"
	expect_refused(VERSION(""), "image-references: metadata.name: is missing, should be a string");
	expect_refused(VERSION("\"name\":\"\""), "metadata.name: \"\" cannot be the version");
	expect_refused(VERSION("\"name\":\"../../etc\""), "\"../../etc\" cannot be the version");
	expect_refused(VERSION("\"name\":\"4.1+build\""), "\"4.1+build\" cannot be the version");
	expect_refused(VERSION("\"name\":\"a\\u001bb\""), "\"a\\x1bb\" cannot be the version");
#undef VERSION
}

TEST(a_release_without_images_is_refused)
{
	expect_refused(HEAD "}", "image-references: names no images; is this a valid release?");
	expect_refused(STREAM(""), "is this a valid release?");
	expect_refused(STREAM("{\"name\":\"b\"}"), "is this a valid release?");
	expect_refused(HEAD ",\"spec\":{\"tags\":{}}}", "spec.tags: is an object, should be an array");
	expect_refused(STREAM("1"), "spec.tags[0]: is a number, should be an object");
	expect_refused(STREAM("{\"name\":\"b\",\"from\":1}"), "spec.tags[0].from: is a number");
}

TEST(images_are_named_by_digest_alone)
{
#define BY_DIGEST "image-references should only contain pointers to images by digest: "
	expect_refused(STREAM(TAG("cli", "quay.io/a/b:v1")), BY_DIGEST "quay.io/a/b:v1");
	expect_refused(STREAM(TAG("cli", "quay.io/a/b")), BY_DIGEST "quay.io/a/b");
	expect_refused(STREAM(TAG("cli", "quay.io/a/b:v1@sha256:" HEX)),
		       BY_DIGEST "quay.io/a/b:v1@sha256:" HEX);
	expect_refused(STREAM(TAG("cli", "quay.io/a/B@sha256:" HEX)),
		       "release tag \"cli\" is not valid: \"quay.io/a/B@sha256:" HEX
		       "\" is not a valid image reference: repository name must be lowercase");
	expect_refused(STREAM(TAG("cli", "")), "release tag \"cli\" is not valid: \"\" is not a valid image");
	expect_refused(STREAM(TAG("cli", "quay.io/a@sha256:" HEX "00")), "invalid checksum digest length");
	expect_refused(STREAM(TAG("cli", "quay.io/a@sha512:" HEX HEX)),
		       "release tag \"cli\" is not valid: 'sha512:" HEX HEX
		       "' uses sha512, which cannot be copied; only sha256 can");
	expect_refused(STREAM(TAG("cli", "quay.io@sha256:" HEX)),
		       "release tag \"cli\" is not valid: quay.io@sha256:" HEX
		       ": is not an image in a registry");
	expect_refused(STREAM("{\"name\":\"cli\",\"from\":{\"kind\":\"DockerImage\"}}"),
		       "spec.tags[0].from.name: is missing, should be a string");
#undef BY_DIGEST
}

TEST(names_of_components_fit_into_tags_and_are_there_once)
{
	expect_refused(STREAM(TAG("../cli", GOOD)),
		       "release tag \"../cli\" is not valid: the name does not fit");
	expect_refused(STREAM(TAG("..", GOOD)), "release tag \"..\" is not valid");
	expect_refused(STREAM(TAG("", GOOD)), "release tag \"\" is not valid");
	expect_refused(STREAM(TAG("a/b", GOOD)), "release tag \"a/b\" is not valid");
	expect_refused(STREAM(TAG("a\\nb", GOOD)), "release tag \"a\\x0ab\" is not valid");
	expect_refused(STREAM(TAG("cli", GOOD) "," TAG("oc", GOOD) "," TAG("cli", GOOD)),
		       "release tag \"cli\" is not valid: it is there twice");
	expect_refused(STREAM("{" IMAGE(GOOD) "}"), "spec.tags[0].name: is missing");
}

TEST(annotations_are_texts)
{
	expect_refused(STREAM("{\"name\":\"a\",\"annotations\":[]," IMAGE(GOOD) "}"),
		       "spec.tags[0].annotations: is an array, should be an object");
	expect_refused(STREAM("{\"name\":\"a\",\"annotations\":{\"io.openshift.build.versions\":1}," IMAGE(
			       GOOD) "}"),
		       "is a number, should be a string");
}

TEST(a_release_has_4096_components_at_most)
{
	CLEANUP(release_payload_release) struct release_payload payload = RELEASE_PAYLOAD_INIT;
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct error err = ERROR_INIT;

	strbuf_add_string(&text, HEAD ",\"spec\":{\"tags\":[");
	for (int i = 0; i < RELEASE_MAX_COMPONENTS; i++)
		strbuf_addf(&text, "%s{\"name\":\"c%d\"," IMAGE(GOOD) "}", i ? "," : "", i);
	size_t length = text.len;
	strbuf_add_string(&text, "]}}");
	EXPECT_OK(parse(&payload, text.buf, &err), &err);
	EXPECT(payload.n_components == RELEASE_MAX_COMPONENTS);
	strbuf_set_length(&text, length);
	strbuf_add_string(&text, "," TAG("one-more", GOOD) "]}}");
	expect_refused(text.buf, "image-references: spec.tags: are 4097, more than the limit of 4096");
	strbuf_grow(&text, RELEASE_MAX_REFERENCES_SIZE);
	memset(text.buf + text.len, ' ', RELEASE_MAX_REFERENCES_SIZE);
	strbuf_set_length(&text, text.len + RELEASE_MAX_REFERENCES_SIZE);
	expect_refused(text.buf, "image-references: is larger than 4194304 bytes");
}

/* --- release-metadata */

static void expect_bad_metadata(const char *text, const char *part)
{
	CLEANUP(release_payload_release) struct release_payload payload = RELEASE_PAYLOAD_INIT;
	struct error err = ERROR_INIT;

	EXPECT_ERROR(release_parse_metadata(&payload, text, strlen(text), &err), &err, ERROR_INVALID, part);
	EXPECT(payload.previous.count == 0);
}

TEST(metadata_has_the_versions_before)
{
	CLEANUP(release_payload_release) struct release_payload payload = RELEASE_PAYLOAD_INIT;
	static const char text[] = "{\"kind\":\"cincinnati-metadata-v0\",\"version\":\"4.16.3\","
				   "\"previous\":[\"4.15.9\",\"4.15.10\"],\"metadata\":{\"url\":\"u\"}}";
	static const char none[] =
		"{\"kind\":\"cincinnati-metadata-v0\",\"version\":\"1.0.0\",\"previous\":null}";
	struct error err = ERROR_INIT;

	EXPECT_OK(release_parse_metadata(&payload, none, strlen(none), &err), &err);
	EXPECT(payload.previous.count == 0);
	EXPECT_OK(release_parse_metadata(&payload, text, strlen(text), &err), &err);
	EXPECT(payload.previous.count == 2);
	EXPECT_STRING(payload.previous.items[0], "4.15.9");
	EXPECT_STRING(payload.previous.items[1], "4.15.10");
}

TEST(bad_metadata_is_refused)
{
#define KIND "\"kind\":\"cincinnati-metadata-v0\""
	expect_bad_metadata("", "release-metadata: line 1: ");
	expect_bad_metadata("[]", "release-metadata: is an array, should be an object");
	expect_bad_metadata("{\"version\":\"1.0.0\"}", "release-metadata: kind: is missing");
	expect_bad_metadata(
		"{\"kind\":\"cincinnati-metadata-v1\\u0007\",\"version\":\"1.0.0\"}",
		"release-metadata: kind: \"cincinnati-metadata-v1\\x07\" is not cincinnati-metadata-v0");
	expect_bad_metadata("{" KIND "}", "release-metadata: version: is missing, should be a string");
	expect_bad_metadata("{" KIND ",\"version\":4}", "release-metadata: version: is a number");
	expect_bad_metadata("{" KIND ",\"version\":\"1.0.0\",\"previous\":[\"0.9.0\",1]}",
			    "release-metadata: previous[1]: is a number, should be a string");
	expect_bad_metadata("{" KIND ",\"version\":\"1.0.0\",\"previous\":\"0.9.0\"}",
			    "release-metadata: previous: is a string, should be an array");
#undef KIND
}

TEST(architectures_have_names_of_their_own_in_tags)
{
	EXPECT_STRING(release_architecture("amd64"), "x86_64");
	EXPECT_STRING(release_architecture("arm64"), "aarch64");
	EXPECT_STRING(release_architecture("ppc64le"), "ppc64le");
	EXPECT_STRING(release_architecture("s390x"), "s390x");
	EXPECT_STRING(release_architecture(""), "");
}
