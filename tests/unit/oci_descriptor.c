/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors, by way of an index that holds one. */
#include <inttypes.h>
#include <string.h>

#include "oci/manifest.h"
#include "tests/tap.h"

#define HEX "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
#define DIGEST "\"digest\":\"sha256:" HEX "\""

/* An index with one child of these members; -1 as from manifest_parse. */
static int parse_child(struct manifest *manifest, const char *members, struct error *err)
{
	CLEANUP(free_string) char *text = xasprintf("{\"schemaVersion\":2,\"manifests\":[{%s}]}", members);

	return manifest_parse(manifest, text, strlen(text), NULL, OCI_MAX_CHILDREN, err);
}

static void expect_refused(const char *members, const char *part)
{
	CLEANUP(manifest_release) struct manifest manifest = MANIFEST_INIT;
	struct error err = ERROR_INIT;

	EXPECT_ERROR(parse_child(&manifest, members, &err), &err, ERROR_INVALID, part);
}

static void expect_accepted(const char *members)
{
	CLEANUP(manifest_release) struct manifest manifest = MANIFEST_INIT;
	struct error err = ERROR_INIT;

	EXPECT_OK(parse_child(&manifest, members, &err), &err);
	EXPECT(manifest.n_children == 1);
}

TEST(a_digest_is_exactly_a_sha256_digest)
{
	static const char *const malformed[] = {
		"",
		"sha256:",
		"sha256:../../x",
		"sha256:" HEX "0",
		"sha256:%2e%2e/",
		"sha256-" HEX,
		HEX,
		"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8",
		"sha256:44136FA355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
		"SHA256:" HEX,
		" sha256:" HEX,
		"sha256:" HEX " ",
		"md5:154d7e0295a94fb3d2a97309d711186a",
		"blake3:" HEX,
		"sha512:" HEX,
	};

	for (size_t i = 0; i < ARRAY_LENGTH(malformed); i++) {
		CLEANUP(free_string) char *members = xasprintf("\"digest\":\"%s\",\"size\":2", malformed[i]);
		expect_refused(members, "is not a digest");
	}
	expect_refused("\"digest\":\"sha256:" HEX "\\u0000\",\"size\":2", "JSON is malformed");
	expect_refused("\"digest\":\"\\u001b[2J\",\"size\":2", "'\\x1b[2J' is not a digest");
	expect_refused("\"digest\":7,\"size\":2", "manifest: manifests[0]: digest is not a string");
	expect_refused("\"size\":2", "digest is missing");
	expect_refused("\"digest\":null,\"size\":2", "digest is missing");
}

TEST(a_long_digest_is_cut_in_the_message)
{
	char hex[10001];
	CLEANUP(manifest_release) struct manifest manifest = MANIFEST_INIT;
	struct error err = ERROR_INIT;

	memset(hex, 'a', sizeof(hex) - 1);
	hex[sizeof(hex) - 1] = '\0';
	CLEANUP(free_string) char *members = xasprintf("\"digest\":\"sha256:%s\",\"size\":2", hex);
	EXPECT(parse_child(&manifest, members, &err) < 0);
	EXPECT(err.message && strlen(err.message) < 1200);
	error_clear(&err);
}

TEST(a_sha512_digest_is_refused_by_name)
{
	expect_refused("\"digest\":\"sha512:" HEX HEX "\",\"size\":2", "uses sha512, which cannot be copied");
}

TEST(a_size_is_an_integer_within_the_limit)
{
	expect_accepted(DIGEST ",\"size\":0");
	expect_accepted(DIGEST ",\"size\":1099511627776");
	expect_refused(DIGEST ",\"size\":1099511627777", "size is not an integer from 0 to 1099511627776");
	expect_refused(DIGEST ",\"size\":-1", "size is not an integer");
	expect_refused(DIGEST ",\"size\":9223372036854775807", "size is not an integer");
	expect_refused(DIGEST ",\"size\":9223372036854775808", "JSON is malformed");
	expect_refused(DIGEST ",\"size\":1e20", "size is not an integer");
	expect_refused(DIGEST ",\"size\":5.0", "size is not an integer");
	expect_refused(DIGEST ",\"size\":\"5\"", "size is not an integer");
	expect_refused(DIGEST, "size is missing");
}

TEST(members_of_the_wrong_type_are_refused)
{
	expect_refused(DIGEST ",\"size\":2,\"mediaType\":1", "mediaType is not a string");
	expect_refused(DIGEST ",\"size\":2,\"artifactType\":{}", "artifactType is not a string");
	expect_refused(DIGEST ",\"size\":2,\"annotations\":[]", "annotations is not an object");
	expect_refused(DIGEST ",\"size\":2,\"annotations\":{\"org.opencontainers.image.ref.name\":1}",
		       "org.opencontainers.image.ref.name is not a string");
	expect_refused(DIGEST ",\"size\":2,\"platform\":\"linux\"", "platform is not an object");
	expect_refused(DIGEST ",\"size\":2,\"platform\":{\"os\":1}",
		       "manifests[0]: platform: os is not a string");
}

TEST(keys_that_differ_only_in_case_are_refused)
{
	expect_refused(DIGEST ",\"size\":2,\"Digest\":\"x\"",
		       "manifests[0]: key 'Digest' differs from 'digest' only in case");
	expect_refused(DIGEST ",\"size\":2,\"SIZE\":3", "key 'SIZE' differs");
	expect_refused(DIGEST ",\"size\":2,\"\\u017fize\":3", "differs from 'size'");
	expect_refused(DIGEST ",\"size\":2,\"mediatype\":\"x\"", "key 'mediatype' differs from 'mediaType'");
	expect_refused(DIGEST ",\"size\":2,\"platform\":{\"OS\":\"x\"}",
		       "platform: key 'OS' differs from 'os'");
	expect_refused(DIGEST ",\"size\":2,\"platform\":{\"Architecture\":\"x\"}",
		       "key 'Architecture' differs");
	expect_accepted(DIGEST ",\"size\":2,\"annotations\":{\"Digest\":\"x\",\"digest\":\"y\"},"
			       "\"unknown\":1,\"Unknown\":2");
}

TEST(null_counts_as_absent)
{
	CLEANUP(manifest_release) struct manifest manifest = MANIFEST_INIT;
	struct error err = ERROR_INIT;

	EXPECT_OK(parse_child(&manifest,
			      DIGEST ",\"size\":2,\"mediaType\":null,\"platform\":null,"
				     "\"annotations\":null,\"data\":null,\"artifactType\":null",
			      &err),
		  &err);
	if (manifest.n_children != 1)
		return;
	EXPECT_STRING(manifest.children[0].media_type, "");
	EXPECT(!manifest.children[0].has_platform && !manifest.children[0].artifact_type);
}

TEST(inline_data_must_be_the_content)
{
	expect_accepted(DIGEST ",\"size\":2,\"data\":\"e30=\"");
	expect_accepted("\"digest\":\"sha256:"
			"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\","
			"\"size\":0,\"data\":\"\"");
	expect_refused(DIGEST ",\"size\":2,\"data\":\"e3x=\"",
		       "data is not the content that size and digest say");
	expect_refused(DIGEST ",\"size\":3,\"data\":\"e30=\"", "data is not the content");
	expect_refused(DIGEST ",\"size\":2,\"data\":\"e30\"", "data is not the content");
	expect_refused(DIGEST ",\"size\":2,\"data\":\"\"", "data is not the content");
	expect_refused(DIGEST ",\"size\":2,\"data\":\"====\"", "data is not the content");
	expect_refused(DIGEST ",\"size\":2,\"data\":\" e30= \"", "data is not the content");
	expect_refused(DIGEST ",\"size\":2,\"data\":7", "data is not the content");
}

TEST(annotations_are_taken_as_they_are)
{
	CLEANUP(manifest_release) struct manifest manifest = MANIFEST_INIT;
	struct error err = ERROR_INIT;

	EXPECT_OK(parse_child(&manifest,
			      DIGEST ",\"size\":2,\"annotations\":"
				     "{\"org.opencontainers.image.ref.name\":\"../../etc/passwd\\u001b\"}",
			      &err),
		  &err);
	if (manifest.n_children == 1)
		EXPECT_STRING(manifest.children[0].reference_name, "../../etc/passwd\x1b");
}

TEST(layers_that_nobody_hands_out_are_told_by_their_media_type)
{
	static const struct {
		const char *media_type;
		bool is_foreign;
	} cases[] = {
		{"application/vnd.docker.image.rootfs.foreign.diff.tar", true},
		{"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", true},
		{"application/vnd.oci.image.layer.nondistributable.v1.tar", true},
		{"application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", true},
		{"application/vnd.oci.image.layer.nondistributable.v1.tar+zstd", true},
		{"application/vnd.oci.image.layer.nondistributable.v1.tar+xz", false},
		{"application/vnd.docker.image.rootfs.diff.tar.gzip", false},
		{"application/vnd.oci.image.layer.v1.tar+gzip", false},
		{"", false},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct descriptor descriptor = {.media_type = (char *)cases[i].media_type};
		EXPECT(descriptor_is_foreign(&descriptor) == cases[i].is_foreign);
	}
}
