/* SPDX-License-Identifier: Apache-2.0 */
#include "operation/release_info.h"

#include <stdlib.h>
#include <string.h>

#include "operation/columns.h"
#include "operation/release_report.h"
#include "tests/tap.h"

#define HEX_1 "1111111111111111111111111111111111111111111111111111111111111111"
#define HEX_2 "2222222222222222222222222222222222222222222222222222222222222222"
#define HEX_3 "3333333333333333333333333333333333333333333333333333333333333333"
#define HEX_4 "4444444444444444444444444444444444444444444444444444444444444444"

static const char sample_references[] =
	"{\"kind\": \"ImageStream\", \"apiVersion\": \"image.openshift.io/v1\",\n"
	" \"metadata\": {\"name\": \"4.14.1\", \"annotations\": {\"z\": \"<&>\", \"a\": \"1\"}},\n"
	" \"spec\": {\"tags\": [\n"
	"  {\"name\": \"cli\", \"annotations\": {\"io.openshift.build.versions\": \"kubectl=1.27.4\"},\n"
	"   \"from\": {\"kind\": \"DockerImage\", \"name\": \"quay.io/a/b@sha256:" HEX_3
	"\"}, \"generation\": 2},\n"
	"  {\"name\": \"machine-os\", \"annotations\": {\n"
	"    \"io.openshift.build.versions\": \"machine-os=414.92.0,kubernetes=1.27.6\",\n"
	"    \"io.openshift.build.version-display-names\": \"machine-os=Red Hat CoreOS\"},\n"
	"   \"from\": {\"kind\": \"DockerImage\", \"name\": \"quay.io/a/b@sha256:" HEX_4 "\"}},\n"
	"  {\"name\": \"other\", \"annotations\": {\"io.openshift.build.versions\": \"kubernetes=1.27.7\"},\n"
	"   \"from\": {\"kind\": \"DockerImage\", \"name\": \"quay.io/a/b@sha256:" HEX_4 "\"}}]}}";

static const char sample_metadata[] = "{\"kind\": \"cincinnati-metadata-v0\", \"version\": \"4.14.1\", "
				      "\"previous\": [\"4.14.0\", \"4.13.10\", "
				      "\"4.13.9\", \"4.14.0-rc.2\"], \"next\": [], \"metadata\": {\"url\": "
				      "\"https://a/?b&c\", \"empty\": \"\", "
				      "\"none\": [], \"a long key\": \"\\u001b[31m\\tred\", \"list\": [1, "
				      "\"b\", {\"y\": true, \"x\": null}]}}";

static const char sample_config[] =
	"{\"os\": \"linux\", \"architecture\": \"amd64\", \"created\": "
	"\"2023-11-01T02:34:25.123456789+02:00\",\n"
	" \"config\": {\"Labels\": {\"b\": \"2\", \"a\": \"<1>\"}, \"Healthcheck\": {}, \"Env\": [\"A=b\"], "
	"\"User\": "
	"\"\",\n"
	"  \"Memory\": 0, \"Tty\": true}, \"rootfs\": {\"diff_ids\": [\"sha256:1\"], \"type\": \"layers\"},\n"
	" \"history\": [{\"empty_layer\": true, \"created_by\": \"me\"}], \"variant\": \"v8\"}";

static void parse_digest(struct digest *digest, const char *hex)
{
	EXPECT(digest_parse_hex(digest, hex));
}

static void add_layer(struct manifest *manifest, const char *hex, uint64_t size)
{
	manifest->layers = xreallocarray(manifest->layers, manifest->n_layers + 1, sizeof(*manifest->layers));
	struct descriptor *layer = &manifest->layers[manifest->n_layers++];
	*layer = (struct descriptor){.size = size, .media_type = xstrdup("")};
	parse_digest(&layer->digest, hex);
}

/* `metadata` and `config` may be NULL. */
static void make_image(struct release_image *image, const char *references, const char *metadata,
		       const char *config)
{
	struct error err = ERROR_INIT;

	image->name = xstrdup("registry.lan:5000/ocp/release:4.14.1");
	EXPECT_OK(reference_parse(&image->reference, image->name, &err), &err);
	parse_digest(&image->platform.top, HEX_1);
	parse_digest(&image->platform.chosen, HEX_1);
	strbuf_add_string(&image->payload.references, references);
	EXPECT_OK(release_parse_references(&image->payload, references, strlen(references), &err), &err);
	if (metadata) {
		strbuf_add_string(&image->payload.metadata, metadata);
		EXPECT_OK(release_parse_metadata(&image->payload, metadata, strlen(metadata), &err), &err);
	}
	config = config ? config : "{}";
	strbuf_add_string(&image->config_bytes, config);
	EXPECT_OK(image_config_parse(&image->config, config, strlen(config), &err), &err);
	add_layer(&image->platform.manifest, HEX_1, 5215);
	add_layer(&image->platform.manifest, HEX_2, 2566);
	image->payload.n_manifests = 2;
}

static void expect_text(const struct release_image *image, bool shows_pull_specs, const char *wanted)
{
	CLEANUP(release_report_release) struct release_report report = {0};
	CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT;
	struct error err = ERROR_INIT;

	EXPECT_OK(release_report_init(&report, image, &err), &err);
	release_report_text(&report, shows_pull_specs, &out);
	EXPECT_STRING(out.buf, wanted);
}

TEST(a_platform_has_no_empty_part)
{
	static const struct {
		const char *os, *architecture;
		bool is_list;
		const char *text;
	} table[] = {
		{NULL, NULL, false, "unknown/unknown"},
		{"linux", "", false, "linux/unknown"},
		{"linux", "amd64", false, "linux/amd64"},
		{"linux", "amd64", true, "multi (linux/amd64)"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(table); i++) {
		CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT;
		struct release_image image = {.platform.is_list = table[i].is_list};
		image.config.platform = (struct platform){.os = (char *)table[i].os,
							  .architecture = (char *)table[i].architecture};
		release_report_platform(&image, &out);
		EXPECT_STRING(out.buf, table[i].text);
	}
}

/* --- the whole */

TEST(a_release_is_described_as_oc_does)
{
	CLEANUP(release_image_release) struct release_image image = RELEASE_IMAGE_INIT;

	make_image(&image, sample_references, sample_metadata, sample_config);
	image.payload.n_other_files = 2;
	expect_text(
		&image, false,
		"Name:           4.14.1\n"
		"Digest:         sha256:" HEX_1 "\n"
		"Created:        2023-11-01T00:34:25Z\n"
		"OS/Arch:        linux/amd64\n"
		"Manifests:      2\n"
		"Metadata files: 3\n"
		"\n"
		"Pull From: registry.lan:5000/ocp/release@sha256:" HEX_1 "\n"
		"\n"
		"Release Metadata:\n"
		"  Version:  4.14.1\n"
		"  Upgrades: 4.13.9, 4.13.10, 4.14.0-rc.2, 4.14.0\n"
		"  Metadata:\n"
		"    a long key: \\x1b[31m\\x09red\n"
		"    list:       [1 b map[x:<nil> y:true]]\n"
		"    url:        https://a/?b&c\n"
		"\n"
		"Component Versions:\n"
		"  kubectl    1.27.4   \n"
		"  kubernetes 1.27.6   \n"
		"  machine-os 414.92.0 Red Hat CoreOS\n"
		"\n"
		"Images:\n"
		"  NAME       DIGEST\n"
		"  cli        sha256:" HEX_3 "\n"
		"  machine-os sha256:" HEX_4 "\n"
		"  other      sha256:" HEX_4 "\n"
		"\n"
		"Warnings:\n"
		"* multiple versions or display names reported for the following component(s): kubernetes\n"
		"\n");
}

TEST(a_release_of_a_list_is_pulled_by_the_list)
{
	static const char references[] = "{\"kind\": \"ImageStream\", \"apiVersion\": "
					 "\"image.openshift.io/v1\", \"metadata\": {\"name\": "
					 "\"4.1.0\"}, \"spec\": {\"tags\": [{\"name\": \"a\", \"from\": "
					 "{\"kind\": \"DockerImage\", \"name\": "
					 "\"quay.io/a/b@sha256:" HEX_3 "\"}}]}}";
	CLEANUP(release_image_release) struct release_image image = RELEASE_IMAGE_INIT;

	make_image(&image, references, NULL, NULL);
	parse_digest(&image.platform.top, HEX_2);
	image.platform.is_list = true;
	expect_text(&image, true,
		    "Name:           4.1.0\n"
		    "Digest:         sha256:" HEX_2 "\n"
		    "Created:        0001-01-01T00:00:00Z\n"
		    "OS/Arch:        multi (unknown/unknown)\n"
		    "Manifests:      2\n"
		    "Metadata files: 1\n"
		    "\n"
		    "Pull From: registry.lan:5000/ocp/release@sha256:" HEX_2 "\n"
		    "\n"
		    "Images:\n"
		    "  NAME PULL SPEC\n"
		    "  a    quay.io/a/b@sha256:" HEX_3 "\n"
		    "\n");
}

static void expect_upgrades(const char *previous, const char *wanted)
{
	CLEANUP(release_image_release) struct release_image image = RELEASE_IMAGE_INIT;
	CLEANUP(release_report_release) struct release_report report = {0};
	CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT;
	CLEANUP(free_string)
	char *metadata =
		xasprintf("{\"kind\": \"cincinnati-metadata-v0\", \"version\": \"4.14.1\", \"previous\": %s}",
			  previous);
	CLEANUP(free_string) char *line = xasprintf("\n  Upgrades: %s\n  Metadata:\n\n", wanted);
	struct error err = ERROR_INIT;

	make_image(&image, sample_references, metadata, NULL);
	EXPECT_OK(release_report_init(&report, &image, &err), &err);
	release_report_text(&report, false, &out);
	EXPECT(strstr(out.buf, line) != NULL);
}

TEST(upgrades_are_sorted_if_all_of_them_are_versions)
{
	expect_upgrades("[]", "<none>");
	expect_upgrades("null", "<none>");
	expect_upgrades("[\"4.10.0\", \"4.9.0\"]", "4.9.0, 4.10.0");
	expect_upgrades("[\"4.10.0\", \"4.9\", \"4.1.0\"]", "4.10.0, 4.9, 4.1.0");
}

TEST(lists_have_a_line_for_each_component)
{
	static const char *const table[][2] = {
		{"name", "cli\nmachine-os\nother\n"},
		{"digest", "sha256:" HEX_3 "\nsha256:" HEX_4 "\nsha256:" HEX_4 "\n"},
		{"pullspec", "quay.io/a/b@sha256:" HEX_3 "\nquay.io/a/b@sha256:" HEX_4
			     "\nquay.io/a/b@sha256:" HEX_4 "\n"},
	};
	CLEANUP(release_image_release) struct release_image image = RELEASE_IMAGE_INIT;
	CLEANUP(release_report_release) struct release_report report = {0};
	struct error err = ERROR_INIT;

	make_image(&image, sample_references, NULL, NULL);
	EXPECT_OK(release_report_init(&report, &image, &err), &err);
	for (size_t i = 0; i < ARRAY_LENGTH(table); i++) {
		CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT;
		release_report_list(&report, table[i][0], &out);
		EXPECT_STRING(out.buf, table[i][1]);
	}
}

static void expect_json(const struct release_image *image, const char *part)
{
	CLEANUP(release_report_release) struct release_report report = {0};
	CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT;
	struct error err = ERROR_INIT;

	EXPECT_OK(release_report_init(&report, image, &err), &err);
	EXPECT_OK(release_report_json(&report, &out, &err), &err);
	const char *found = strstr(out.buf, part);
	EXPECT_STRING(found ? part : out.buf, part);
}

TEST(json_has_the_members_of_oc_in_their_order)
{
	CLEANUP(release_image_release) struct release_image image = RELEASE_IMAGE_INIT;

	make_image(&image, sample_references, sample_metadata, sample_config);
	expect_json(&image, "{\n"
			    "  \"image\": \"registry.lan:5000/ocp/release:4.14.1\",\n"
			    "  \"digest\": \"sha256:" HEX_1 "\",\n"
			    "  \"contentDigest\": \"sha256:" HEX_1 "\",\n"
			    "  \"listDigest\": \"\",\n"
			    "  \"config\": {\n"
			    "    \"id\": \"\",\n"
			    "    \"created\": \"2023-11-01T02:34:25.123456789+02:00\",\n"
			    "    \"container_config\": {},\n"
			    "    \"config\": {\n"
			    "      \"Tty\": true,\n"
			    "      \"Env\": [\n"
			    "        \"A=b\"\n"
			    "      ],\n"
			    "      \"Labels\": {\n"
			    "        \"a\": \"\\u003c1\\u003e\",\n"
			    "        \"b\": \"2\"\n"
			    "      }\n"
			    "    },\n"
			    "    \"architecture\": \"amd64\",\n"
			    "    \"size\": 7781,\n"
			    "    \"rootfs\": {\n"
			    "      \"type\": \"layers\",\n"
			    "      \"diff_ids\": [\n"
			    "        \"sha256:1\"\n"
			    "      ]\n"
			    "    },\n"
			    "    \"history\": [\n"
			    "      {\n"
			    "        \"created\": \"0001-01-01T00:00:00Z\",\n"
			    "        \"created_by\": \"me\",\n"
			    "        \"empty_layer\": true\n"
			    "      }\n"
			    "    ],\n"
			    "    \"os\": \"linux\"\n"
			    "  },\n"
			    "  \"metadata\": {\n"
			    "    \"kind\": \"cincinnati-metadata-v0\",\n"
			    "    \"version\": \"4.14.1\",\n"
			    "    \"previous\": [\n");
	expect_json(&image, "    \"metadata\": {\n"
			    "      \"a long key\": \"\\u001b[31m\\tred\",\n"
			    "      \"empty\": \"\",\n");
	expect_json(&image, "      \"name\": \"4.14.1\",\n"
			    "      \"annotations\": {\n"
			    "        \"a\": \"1\",\n"
			    "        \"z\": \"\\u003c\\u0026\\u003e\"\n"
			    "      }\n");
	expect_json(&image, "  \"versions\": null,\n"
			    "  \"displayVersions\": {\n"
			    "    \"kubectl\": {\n"
			    "      \"Version\": \"1.27.4\",\n"
			    "      \"DisplayName\": \"\"\n"
			    "    },\n");
}

TEST(json_has_sorted_maps)
{
	CLEANUP(release_image_release) struct release_image image = RELEASE_IMAGE_INIT;

	make_image(&image, sample_references, sample_metadata, NULL);
	expect_json(&image,
		    "  \"versionsTags\": {\n"
		    "    \"kubectl\": \"cli\",\n"
		    "    \"kubernetes\": \"other\",\n"
		    "    \"machine-os\": \"machine-os\"\n"
		    "  },\n"
		    "  \"images\": null,\n"
		    "  \"warnings\": [\n"
		    "    \"multiple versions or display names reported for the following component(s): "
		    "kubernetes\"\n"
		    "  ]\n"
		    "}\n");
}

TEST(json_of_a_bare_release_has_nulls)
{
	CLEANUP(release_image_release) struct release_image image = RELEASE_IMAGE_INIT;

	make_image(&image, sample_references, NULL, "{\"config\": null}");
	image.platform.is_list = true;
	expect_json(&image, "  \"listDigest\": \"sha256:" HEX_1 "\",\n"
			    "  \"config\": {\n"
			    "    \"id\": \"\",\n"
			    "    \"created\": \"0001-01-01T00:00:00Z\",\n"
			    "    \"container_config\": {},\n"
			    "    \"size\": 7781\n"
			    "  },\n"
			    "  \"metadata\": null,\n"
			    "  \"references\": {\n");
}

/* --- sizes */

static void make_sizes(struct release_report *report, struct release_image *image)
{
	struct error err = ERROR_INIT;

	make_image(image, sample_references, NULL, NULL);
	EXPECT_OK(release_report_init(report, image, &err), &err);
	report->now = 1000;
	report->sizes = xcalloc(image->payload.n_components, sizeof(*report->sizes));
}

TEST(shared_layers_count_once)
{
	CLEANUP(release_image_release) struct release_image image = RELEASE_IMAGE_INIT;
	CLEANUP(release_report_release) struct release_report report = {0};
	CLEANUP(strbuf_release) struct strbuf table = STRBUF_INIT, out = STRBUF_INIT;

	make_sizes(&report, &image);
	report.sizes[0] = (struct component_size){.is_known = true, .has_created = true, .created = 400};
	add_layer(&report.sizes[0].manifest, HEX_2, 1 << 20);
	add_layer(&report.sizes[0].manifest, HEX_1, 3 << 20);
	report.sizes[1] = (struct component_size){.is_known = true};
	add_layer(&report.sizes[1].manifest, HEX_1, 3 << 20);
	report.sizes[2] = (struct component_size){.is_known = true, .has_created = true, .created = 999};
	add_layer(&report.sizes[2].manifest, HEX_1, 3 << 20);
	release_report_size_table(&report, &table);
	columns_align(&out, table.buf);
	EXPECT_STRING(out.buf, "  NAME        AGE  LAYERS  SIZE MB  UNIQUE MB  BASE\n"
			       "  cli         10m       2      4.0        1.0  A\n"
			       "  machine-os            1      3.0        3.0   B\n"
			       "  other        1s       1      3.0        0.0   B\n"
			       "\n"
			       "  4.194MB across 2 layers, 2 different base images\n");
}

TEST(what_is_not_known_leaves_its_row_empty)
{
	CLEANUP(release_image_release) struct release_image image = RELEASE_IMAGE_INIT;
	CLEANUP(release_report_release) struct release_report report = {0};
	CLEANUP(strbuf_release) struct strbuf table = STRBUF_INIT, out = STRBUF_INIT;

	make_sizes(&report, &image);
	report.sizes[0] = (struct component_size){.is_known = true};
	add_layer(&report.sizes[0].manifest, HEX_1, UINT64_MAX);
	add_layer(&report.sizes[0].manifest, HEX_2, 1);
	report.sizes[1] = (struct component_size){.is_known = true};
	release_report_size_table(&report, &table);
	columns_align(&out, table.buf);
	EXPECT_STRING(out.buf, "  NAME        AGE  LAYERS  SIZE MB          UNIQUE MB        \n"
			       "  cli                   2 17592186044416.0 17592186044416.0  \n"
			       "  machine-os            0      0.0                0.0        \n"
			       "  other                                                     \n"
			       "\n"
			       "  18.45EB across 2 layers\n");
}

/* --- requests */

TEST(what_contradicts_itself_is_refused)
{
	static const struct {
		struct release_info_request request;
		const char *message;
	} table[] = {
		{{.output = "yaml"}, "-o yaml: json, digest"},
		{{.output = "jsonpath"}, "-o jsonpath: json, digest"},
		{{.output = "jsonpath={.a"}, "-o jsonpath={.a: character 4"},
		{{.output = "\x1b"}, "-o \\x1b"},
		{{.output = "json", .image_for = "etcd"}, "-o and --image-for"},
		{{.output = "json", .shows_size = true}, "-o and --size"},
		{{.output = "digest", .shows_digest = true}, "-o and --digest"},
		{{.image_for = "etcd", .shows_pull_specs = true}, "--image-for and --pullspecs"},
		{{.shows_size = true, .shows_pull_specs = true}, "--size and --pullspecs"},
		{{.filter = "("}, "--filter-by-os"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(table); i++) {
		CLEANUP(error_clear) struct error err = ERROR_INIT;
		EXPECT_ERROR(release_info_request_check(&table[i].request, &err), &err, ERROR_USAGE,
			     table[i].message);
	}
}

TEST(a_release_is_in_a_registry_or_an_archive)
{
	static const char *const table[][2] = {
		{"oci:x", "oci:x: a release is an image in a registry, or in an archive"},
		{"oci-archive:x.tar", "oci-archive:x.tar: a release is"},
		{"4.14", "'4.14' is no version such as 4.14.1"},
		{"v4.14.1", "'v4.14.1' is no version"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(table); i++) {
		struct release_info_request request = {.location = LOCATION_INIT};
		struct error err = ERROR_INIT;

		EXPECT_ERROR(release_info_parse(&request, table[i][0], NULL, &err), &err, ERROR_USAGE,
			     table[i][1]);
		location_release(&request.location);
	}
}

TEST(what_makes_sense_is_let_pass)
{
	static const struct release_info_request table[] = {
		{.output = NULL},
		{.output = "json", .shows_pull_specs = true},
		{.output = "jsonpath={.digest}{\"\\n\"}", .filter = "linux/(amd64|arm64)"},
		{.shows_size = true},
		{.image_for = "etcd", .location = {.type = LOCATION_ARCHIVE}},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(table); i++) {
		struct error err = ERROR_INIT;
		EXPECT_OK(release_info_request_check(&table[i], &err), &err);
	}
}
