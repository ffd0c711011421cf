/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/manifest.h"

#include <string.h>

#include "base/strbuf.h"
#include "tests/tap.h"

#define HEX_A "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
#define HEX_B "b5b2b2c507a0944348e0303114d8d93aaaa081732b86451d9bce1f432a537bc7"
#define DIGEST_A "sha256:" HEX_A
#define DIGEST_B "sha256:" HEX_B
#define CONFIG \
	"\"config\":{\"mediaType\":\"application/" \
	"vnd.oci.image.config.v1+json\",\"digest\":\"" DIGEST_A "\",\"size\":2}"
#define LAYER \
	"{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar+gzip\",\"digest\":\"" DIGEST_B \
	"\",\"size\":77}"
#define LAYERS "\"layers\":[" LAYER "]"
#define CHILD(extra) \
	"{\"mediaType\":\"" MEDIA_TYPE_OCI_MANIFEST "\",\"digest\":\"" DIGEST_B "\",\"size\":428" extra "}"
#define CHILDREN "\"manifests\":[" CHILD("") "]"
#define VERSION "\"schemaVersion\":2"
#define TYPE(type) "\"mediaType\":\"" type "\""
#define IMAGE "{" VERSION "," TYPE(MEDIA_TYPE_OCI_MANIFEST) "," CONFIG "," LAYERS "}"
#define INDEX "{" VERSION "," TYPE(MEDIA_TYPE_OCI_INDEX) "," CHILDREN "}"
#define UNTYPED_IMAGE "{" VERSION "," CONFIG "," LAYERS "}"
#define UNTYPED_INDEX "{" VERSION "," CHILDREN "}"
#define DOCKER_IMAGE "{" VERSION "," TYPE(MEDIA_TYPE_DOCKER_MANIFEST) "," CONFIG "," LAYERS "}"
#define DOCKER_LIST "{" VERSION "," TYPE(MEDIA_TYPE_DOCKER_LIST) "," CHILDREN "}"

static int parse(struct manifest *manifest, const char *text, const char *expected, struct error *err)
{
	return manifest_parse(manifest, text, strlen(text), expected, OCI_MAX_CHILDREN, err);
}

static void expect_refused(const char *text, const char *expected, const char *part)
{
	CLEANUP(manifest_release) struct manifest manifest = MANIFEST_INIT;
	struct error err = ERROR_INIT;

	EXPECT_ERROR(parse(&manifest, text, expected, &err), &err, ERROR_INVALID, part);
	EXPECT(manifest.type == MANIFEST_UNKNOWN && !manifest.layers && !manifest.children);
}

TEST(an_image_has_a_config_and_layers)
{
	CLEANUP(manifest_release) struct manifest manifest = MANIFEST_INIT;
	struct error err = ERROR_INIT;
	char digest[DIGEST_TEXT_SIZE];

	EXPECT_OK(parse(&manifest, IMAGE, MEDIA_TYPE_OCI_MANIFEST, &err), &err);
	EXPECT(manifest.type == MANIFEST_OCI_IMAGE);
	EXPECT_STRING(digest_format(&manifest.config.digest, digest), DIGEST_A);
	EXPECT(manifest.config.size == 2);
	EXPECT_STRING(manifest.config.media_type, "application/vnd.oci.image.config.v1+json");
	EXPECT(manifest.n_layers == 1 && manifest.layers[0].size == 77);
	EXPECT_STRING(digest_format(&manifest.layers[0].digest, digest), DIGEST_B);
	EXPECT(!manifest.layers[0].has_platform && !manifest.layers[0].artifact_type);
	EXPECT(manifest.n_children == 0 && !manifest.has_subject && !manifest.artifact_type);
}

TEST(an_index_has_children_with_platforms_and_names)
{
	static const char text[] =
		"{" VERSION
		"," TYPE(MEDIA_TYPE_OCI_INDEX) ",\"artifactType\":\"a/"
					       "b\",\"manifests\":[" CHILD(
						       ",\"platform\":"
						       "{\"os\":"
						       "\"linux\","
						       "\"architecture"
						       "\":\"arm64\","
						       "\"variant\":"
						       "\"v8\",\"x\":"
						       "1}") "," CHILD(",\"platform\":{\"architecture\":"
								       "\"amd64\"},\"artifactType\":\"c/"
								       "d\"") "," CHILD(",\"annotations\":"
											"{\"org."
											"opencontainers."
											"image.ref.name\":"
											"\"quay.io/"
											"a:v1\",\"X\":"
											"\"y\"}") "]}";
	CLEANUP(manifest_release) struct manifest manifest = MANIFEST_INIT;
	struct error err = ERROR_INIT;

	EXPECT_OK(parse(&manifest, text, NULL, &err), &err);
	EXPECT(manifest.type == MANIFEST_OCI_INDEX);
	EXPECT_STRING(manifest.artifact_type, "a/b");
	if (manifest.n_children != 3) {
		EXPECT(manifest.n_children == 3);
		return;
	}
	const struct descriptor *child = manifest.children;
	EXPECT(child[0].has_platform && child[0].size == 428);
	CLEANUP(free_string) char *platform = platform_format(&child[0].platform);
	EXPECT_STRING(platform, "linux/arm64/v8");
	EXPECT_STRING(child[0].media_type, MEDIA_TYPE_OCI_MANIFEST);
	EXPECT_STRING(child[1].platform.os, "");
	EXPECT_STRING(child[1].platform.variant, "");
	EXPECT_STRING(child[1].artifact_type, "c/d");
	EXPECT(!child[2].has_platform);
	EXPECT_STRING(child[2].reference_name, "quay.io/a:v1");
	EXPECT_STRING(child[1].reference_name, NULL);
}

TEST(a_subject_is_kept_by_its_digest)
{
	static const char text[] =
		"{" VERSION "," TYPE(MEDIA_TYPE_OCI_MANIFEST) ",\"artifactType\":\"x/y\"," CONFIG
							      ",\"layers\":[],\"subject\":" CHILD("") "}";
	CLEANUP(manifest_release) struct manifest manifest = MANIFEST_INIT;
	struct error err = ERROR_INIT;
	char digest[DIGEST_TEXT_SIZE];

	EXPECT_OK(parse(&manifest, text, "", &err), &err);
	EXPECT(manifest.has_subject && manifest.n_layers == 0);
	EXPECT_STRING(digest_format(&manifest.subject, digest), DIGEST_B);
	EXPECT_STRING(manifest.artifact_type, "x/y");
}

TEST(the_type_comes_from_the_body_the_parent_or_the_shape)
{
	static const struct {
		const char *text, *expected;
		enum manifest_type type;
	} cases[] = {
		{IMAGE, NULL, MANIFEST_OCI_IMAGE},
		{IMAGE, "", MANIFEST_OCI_IMAGE},
		{IMAGE, "text/plain; charset=utf-8", MANIFEST_OCI_IMAGE},
		{IMAGE, "application/octet-stream", MANIFEST_OCI_IMAGE},
		{IMAGE, "application/json", MANIFEST_OCI_IMAGE},
		{IMAGE, MEDIA_TYPE_OCI_MANIFEST "; charset=utf-8", MANIFEST_OCI_IMAGE},
		{INDEX, MEDIA_TYPE_OCI_INDEX, MANIFEST_OCI_INDEX},
		{UNTYPED_IMAGE, NULL, MANIFEST_OCI_IMAGE},
		{UNTYPED_INDEX, NULL, MANIFEST_OCI_INDEX},
		{UNTYPED_IMAGE, MEDIA_TYPE_OCI_MANIFEST, MANIFEST_OCI_IMAGE},
		{UNTYPED_INDEX, MEDIA_TYPE_OCI_INDEX, MANIFEST_OCI_INDEX},
		{DOCKER_IMAGE, MEDIA_TYPE_DOCKER_MANIFEST, MANIFEST_DOCKER_IMAGE},
		{DOCKER_LIST, NULL, MANIFEST_DOCKER_LIST},
		{"{" VERSION ",\"manifests\":null}", NULL, MANIFEST_OCI_INDEX},
		{"{" VERSION "," CONFIG "," LAYERS ",\"manifests\":null}", NULL, MANIFEST_OCI_IMAGE},
		{"{" VERSION "," CONFIG ",\"layers\":null,\"manifests\":null}", MEDIA_TYPE_OCI_MANIFEST,
		 MANIFEST_OCI_IMAGE},
		{" \n" IMAGE "\n", NULL, MANIFEST_OCI_IMAGE},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		CLEANUP(manifest_release) struct manifest manifest = MANIFEST_INIT;
		struct error err = ERROR_INIT;

		EXPECT_OK(parse(&manifest, cases[i].text, cases[i].expected, &err), &err);
		EXPECT(manifest.type == cases[i].type);
	}
}

TEST(a_type_that_contradicts_the_body_is_refused)
{
	expect_refused(IMAGE, MEDIA_TYPE_OCI_INDEX,
		       "manifest: mediaType is '" MEDIA_TYPE_OCI_MANIFEST
		       "', but descriptor or server say '" MEDIA_TYPE_OCI_INDEX "'");
	expect_refused(IMAGE, MEDIA_TYPE_DOCKER_MANIFEST, "but descriptor or server say");
	expect_refused(DOCKER_LIST, MEDIA_TYPE_OCI_INDEX, "but descriptor or server say");
	expect_refused(UNTYPED_IMAGE, MEDIA_TYPE_DOCKER_MANIFEST, "mediaType is missing");
	expect_refused(UNTYPED_INDEX, MEDIA_TYPE_DOCKER_LIST, "mediaType is missing");
	expect_refused(UNTYPED_IMAGE, MEDIA_TYPE_OCI_INDEX, "it is an index, but has 'config'");
	expect_refused(UNTYPED_INDEX, MEDIA_TYPE_OCI_MANIFEST, "it is an image, but has 'manifests'");
	expect_refused(IMAGE, "text/html", "media type 'text/html' is not that of an image or an index");
	expect_refused("{" VERSION "," TYPE("application/vnd.oci.artifact.manifest.v1+json") "}", NULL,
		       "is not that of an image or an index");
	expect_refused("{" VERSION "," TYPE("application/vnd.OCI.image.index.v1+json") "," CHILDREN "}", NULL,
		       "is not that of an image or an index");
	expect_refused("{" VERSION ",\"mediaType\":5," CHILDREN "}", NULL, "mediaType is not a string");
	expect_refused("{" VERSION "," TYPE("x\\u001b[2J") "," CHILDREN "}", NULL, "'x\\x1b[2J'");
	expect_refused("{" VERSION "," LAYERS "}", NULL, "neither an image (config, layers) nor an index");
}

TEST(schema_1_is_refused_with_advice)
{
	static const char signed_body[] =
		"{\"schemaVersion\":1,\"name\":\"a\",\"tag\":\"b\",\"fsLayers\":[],\"history\":[]}";

	expect_refused(signed_body, MEDIA_TYPE_DOCKER_SCHEMA1_SIGNED,
		       "Docker's schema 1, which cannot be copied");
	expect_refused(signed_body, NULL, "pushed again in schema 2 or OCI format");
	expect_refused(IMAGE, MEDIA_TYPE_DOCKER_SCHEMA1, "schema 1");
	expect_refused("{" VERSION "," TYPE(MEDIA_TYPE_DOCKER_SCHEMA1) "}", NULL, "schema 1");
}

TEST(a_body_that_can_be_read_in_two_ways_is_refused)
{
	expect_refused("{" VERSION "," TYPE(MEDIA_TYPE_OCI_MANIFEST) "," CONFIG "," LAYERS "," CHILDREN "}",
		       NULL, "it is an image, but has 'manifests': it could be read in two ways");
	expect_refused("{" VERSION "," TYPE(MEDIA_TYPE_OCI_INDEX) "," LAYERS "," CHILDREN "}", NULL,
		       "it is an index, but has 'layers'");
	expect_refused("{" VERSION "," CONFIG "," LAYERS "," CHILDREN "}", NULL, "could be read in two ways");
	expect_refused("{" VERSION "," CONFIG "," LAYERS ",\"fsLayers\":[]}", NULL, "has 'fsLayers'");
	expect_refused("{" VERSION "," CHILDREN ",\"history\":[]}", NULL, "has 'history'");
	expect_refused("{" VERSION "," CHILDREN ",\"Manifests\":[]}", NULL,
		       "key 'Manifests' differs from 'manifests' only in case");
	expect_refused("{" VERSION "," CONFIG "," LAYERS ",\"Layers\":[]}", NULL, "key 'Layers' differs");
	expect_refused("{" VERSION "," CONFIG "," LAYERS ",\"MANIFESTS\":[]}", NULL,
		       "key 'MANIFESTS' differs");
	expect_refused("{" VERSION "," CONFIG "," LAYERS ",\"manife\\u017ft\\u017f\":[]}", NULL,
		       "differs from 'manifests'");
	expect_refused("{" VERSION "," VERSION "," CONFIG "," LAYERS "}", NULL, "duplicate");
	expect_refused("{" VERSION "," CHILDREN "," CHILDREN "}", NULL, "JSON is malformed at line 1");
}

TEST(schema_version_is_the_integer_2)
{
	expect_refused("{" CHILDREN "}", NULL, "schemaVersion is not 2");
	expect_refused("{\"schemaVersion\":3," CHILDREN "}", NULL, "schemaVersion is not 2");
	expect_refused("{\"schemaVersion\":2.0," CHILDREN "}", NULL, "schemaVersion is not 2");
	expect_refused("{\"schemaVersion\":\"2\"," CHILDREN "}", NULL, "schemaVersion is not 2");
}

TEST(required_members_are_required)
{
	expect_refused("{" VERSION "," TYPE(MEDIA_TYPE_OCI_MANIFEST) "," LAYERS "}", NULL,
		       "config is missing");
	expect_refused("{" VERSION "," TYPE(MEDIA_TYPE_OCI_MANIFEST) "," CONFIG "}", NULL,
		       "layers is missing");
	expect_refused("{" VERSION "," TYPE(MEDIA_TYPE_OCI_INDEX) "}", NULL, "manifests is missing");
	expect_refused("{" VERSION "," CONFIG "}", NULL, "layers is missing");
	expect_refused("{" VERSION ",\"manifests\":{}}", NULL, "manifests is not a list");
	expect_refused("{" VERSION ",\"manifests\":[7]}", NULL, "manifests[0]: descriptor is not an object");
	expect_refused("{" VERSION ",\"manifests\":[" CHILD("") ",null]}", NULL,
		       "manifests[1]: descriptor is not an object");
	expect_refused("{" VERSION ",\"config\":[]," LAYERS "}", NULL, "config: descriptor is not an object");
	expect_refused("{" VERSION "," CHILDREN ",\"artifactType\":[]}", NULL,
		       "artifactType is not a string");
	expect_refused("{" VERSION "," CHILDREN ",\"subject\":\"x\"}", NULL,
		       "subject: descriptor is not an object");
}

TEST(text_that_is_not_json_is_refused)
{
	expect_refused("", NULL, "manifest: JSON is empty");
	expect_refused("[]", NULL, "JSON is not an object");
	expect_refused("nonsense", NULL, "JSON is malformed");
	expect_refused("\xEF\xBB\xBF" IMAGE, NULL, "JSON is malformed");
	expect_refused(IMAGE "x", NULL, "JSON is malformed");
	expect_refused("{" VERSION ",\"\xff\":1," CHILDREN "}", NULL, "JSON is malformed");
	expect_refused("{" VERSION ",\"a\":\"\\u0000\"," CHILDREN "}", NULL, "JSON is malformed");
	expect_refused("{\"schemaVersion\":99999999999999999999," CHILDREN "}", NULL, "JSON is malformed");
	expect_refused("{\"a\":\"\\", NULL, "JSON is malformed");
}

static void add_repeated(struct strbuf *out, const char *text, size_t count)
{
	for (size_t i = 0; i < count; i++)
		strbuf_add_string(out, text);
}

TEST(nesting_is_limited_before_the_parser_recurses)
{
	CLEANUP(strbuf_release) struct strbuf deep = STRBUF_INIT;
	CLEANUP(strbuf_release) struct strbuf fine = STRBUF_INIT;
	CLEANUP(manifest_release) struct manifest manifest = MANIFEST_INIT;
	struct error err = ERROR_INIT;

	add_repeated(&deep, "[", 10000);
	expect_refused(deep.buf, NULL, "nested deeper than 64 levels");
	strbuf_add_string(&fine, "{" VERSION "," CHILDREN ",\"text\":\"[[[[\\\"[[[[\",\"x\":");
	add_repeated(&fine, "[", 63);
	add_repeated(&fine, "]", 63);
	strbuf_add_string(&fine, "}");
	EXPECT_OK(parse(&manifest, fine.buf, NULL, &err), &err);
}

TEST(the_number_of_values_is_limited_before_the_parser_allocates)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;

	strbuf_add_string(&text, "{" VERSION "," CHILDREN ",\"x\":[1");
	add_repeated(&text, ",1", 400000);
	strbuf_add_string(&text, "]}");
	expect_refused(text.buf, NULL, "JSON holds more than 327680 values");
}

static void build_index(struct strbuf *out, size_t n_children)
{
	strbuf_add_string(out, "{" VERSION ",\"manifests\":[" CHILD(""));
	add_repeated(out, "," CHILD(""), n_children - 1);
	strbuf_add_string(out, "]}");
}

TEST(the_number_of_children_is_limited_by_the_caller)
{
	CLEANUP(strbuf_release) struct strbuf most = STRBUF_INIT;
	CLEANUP(strbuf_release) struct strbuf too_many = STRBUF_INIT;
	CLEANUP(manifest_release) struct manifest manifest = MANIFEST_INIT;
	CLEANUP(manifest_release) struct manifest ours = MANIFEST_INIT;
	struct error err = ERROR_INIT;

	build_index(&most, 4096);
	EXPECT_OK(parse(&manifest, most.buf, NULL, &err), &err);
	EXPECT(manifest.n_children == 4096);
	build_index(&too_many, 4097);
	expect_refused(too_many.buf, NULL, "manifests has 4097 entries, more than 4096");
	EXPECT_OK(manifest_parse(&ours, too_many.buf, too_many.len, NULL, SIZE_MAX, &err), &err);
	EXPECT(ours.n_children == 4097);
}

TEST(the_number_of_layers_is_limited)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;

	strbuf_add_string(&text, "{" VERSION "," CONFIG ",\"layers\":[" LAYER);
	add_repeated(&text, "," LAYER, 4096);
	strbuf_add_string(&text, "]}");
	expect_refused(text.buf, NULL, "layers has 4097 entries, more than 4096");
}
