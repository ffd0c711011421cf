/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/reference.h"

#include <string.h>

#include "tests/tap.h"

#define HEX "3c87c572822935df60f0f5d3665bd376841a7fcfeb806b5f212de6a00e9a7b25"
#define HEX96 \
	"3c87c572822935df60f0f5d3665bd376841a7fcfeb806b5f212de6a00e9a7b253c87c572822935df60f0f5d3" \
	"665bd376"
#define HEX128 HEX HEX
#define B10 "bbbbbbbbbb"
#define B50 B10 B10 B10 B10 B10
#define B231 B50 B50 B50 B50 B10 B10 B10 "b"
#define B246 B50 B50 B50 B50 B10 B10 B10 B10 "bbbbbb"

/* From openshift/library-go pkg/image/reference/reference_test.go, and below the line our own. */
static const struct {
	const char *text, *registry, *namespace, *name, *tag, *id;
} parsed[] = {
	{"foo", "", "", "foo", "", ""},
	{"sha256:" HEX, "", "", "sha256", HEX, ""},
	{"bar/foo", "", "bar", "foo", "", ""},
	{"bar/foo@sha256:" HEX, "", "bar", "foo", "", "sha256:" HEX},
	{"bar/library/baz", "", "bar", "library/baz", "", ""},
	{"bar/foo/baz@sha256:" HEX, "", "bar", "foo/baz", "", "sha256:" HEX},
	{"bar:5000/library/baz", "bar:5000", "library", "baz", "", ""},
	{"bar:5000/foo/baz:tag", "bar:5000", "foo", "baz", "tag", ""},
	{"myregistry.io/foo", "myregistry.io", "", "foo", "", ""},
	{"docker.io/library/myapp", "docker.io", "library", "myapp", "", ""},
	{"docker.io/user/myapp", "docker.io", "user", "myapp", "", ""},
	{"index.docker.io/bar", "index.docker.io", "", "bar", "", ""},
	{"docker.io/library/" B231 ":tag", "docker.io", "library", B231, "tag", ""},
	{"quay.io", "quay.io", "", "", "", ""},
	{"localhost:5000", "localhost:5000", "", "", "", ""},
	{"wildfly:15.0", "", "", "wildfly", "15.0", ""},
	{"bar/foo/baz/biz", "", "bar", "foo/baz/biz", "", ""},
	/* --- */
	{"quay.io/a/b:v1", "quay.io", "a", "b", "v1", ""},
	{"quay.io/a/b/c", "quay.io", "a", "b/c", "", ""},
	{"quay.io:443", "quay.io:443", "", "", "", ""},
	{"registry:5000", "", "", "registry", "5000", ""},
	{"registry:5000/ns", "registry:5000", "", "ns", "", ""},
	{"localhost/foo", "localhost", "", "foo", "", ""},
	{"localhost5/foo", "", "localhost5", "foo", "", ""},
	{"localhost5", "localhost5", "", "", "", ""},
	{"quay.io@sha256:" HEX, "quay.io@sha256:" HEX, "", "", "", "sha256:" HEX},
	{"quay.io/a:v1@sha256:" HEX, "quay.io", "", "a", "v1", "sha256:" HEX},
	{"Quay.IO/a/b", "Quay.IO", "a", "b", "", ""},
	{"Team/app", "", "Team", "app", "", ""},
	{"a@sha384:" HEX96, "", "", "a", "", "sha384:" HEX96},
	{"a@sha512:" HEX128, "", "", "a", "", "sha512:" HEX128},
	{"q.io/a_b/c__d/e---f/g.h", "q.io", "a_b", "c__d/e---f/g.h", "", ""},
	{"a.b/c/d:v1", "a.b", "c", "d", "v1", ""},
	{"busybox:local", "", "", "busybox", "local", ""},
};

static void expect_members(const struct reference *reference, size_t i)
{
	EXPECT_STRING(reference->registry, parsed[i].registry);
	EXPECT_STRING(reference->namespace, parsed[i].namespace);
	EXPECT_STRING(reference->name, parsed[i].name);
	EXPECT_STRING(reference->tag, parsed[i].tag);
	EXPECT_STRING(reference->id, parsed[i].id);
}

TEST(a_packed_reference_reads_and_copies_the_same)
{
	CLEANUP(reference_release) struct reference packed = REFERENCE_INIT, copy = REFERENCE_INIT;
	struct error err = ERROR_INIT;

	EXPECT_OK(reference_parse(&packed, "quay.io/a/b/c:v1", &err), &err);
	reference_pack(&packed);
	EXPECT_STRING(packed.registry, "quay.io");
	EXPECT_STRING(packed.name, "b/c");
	EXPECT_STRING(packed.id, "");
	reference_copy(&copy, &packed);
	reference_set(&copy.tag, "v2");
	EXPECT_STRING(copy.tag, "v2");
	EXPECT_STRING(packed.tag, "v1");
}

TEST(references_are_split_as_oc_splits_them)
{
	for (size_t i = 0; i < ARRAY_LENGTH(parsed); i++) {
		CLEANUP(reference_release) struct reference reference = REFERENCE_INIT;
		struct error err = ERROR_INIT;

		EXPECT_OK(reference_parse(&reference, parsed[i].text, &err), &err);
		if (reference.registry)
			expect_members(&reference, i);
	}
}

#define LOWERCASE "repository name must be lowercase"
#define FORMAT "invalid reference format"
#define TOO_LONG "repository name must not be more than 255 characters"

TEST(malformed_references_are_refused_with_the_reason_of_oc)
{
	static const struct {
		const char *text, *reason;
	} refused[] = {
		{"docker.io/" B246 ":tag", TOO_LONG},
		{"https://bar:5000/foo/baz", FORMAT},
		{"registry:3000/integration/imageStream:success", LOWERCASE},
		{"abc@badid", FORMAT},
		{"@sha256:" HEX, FORMAT},
		{"//foo/baz/biz", FORMAT},
		{"", "repository name must have at least one component"},
		{"/x", FORMAT},
		{"quay.io/foo/Bar:1", LOWERCASE},
		{":tag", FORMAT},
		{"docker://quay.io/a/b:v1", FORMAT},
		{"Foo", LOWERCASE},
		{"a/", FORMAT},
		{"a//b", FORMAT},
		{"a..b/c/d-", FORMAT},
		{"q.io/a___b", FORMAT},
		{"q.io/a._b", FORMAT},
		{"q.io/-a", FORMAT},
		{"-q.io/a", FORMAT},
		{"q..io/a", FORMAT},
		{"q.io:/a", FORMAT},
		{"q.io:x/a", FORMAT},
		{"a:", FORMAT},
		{"a:-x", FORMAT},
		{"a b", FORMAT},
		{"a@", FORMAT},
		{"a@sha256:3c87", FORMAT},
		{"a@sha256:" HEX "@sha256:" HEX, FORMAT},
		{"a@256sha:" HEX, FORMAT},
		{"a@sha.:" HEX, FORMAT},
		{"quay.io/a@md5:154d7e0295a94fb3d2a97309d711186a", "unsupported digest algorithm"},
		{"a@sha256:" HEX "0", "invalid checksum digest length"},
		{"a@sha512:" HEX, "invalid checksum digest length"},
		{"a@sha256:3C87c572822935df60f0f5d3665bd376841a7fcfeb806b5f212de6a00e9a7b25",
		 "invalid checksum digest format"},
		{"a@sha256:../../../../../../../../../../../../../../etc/passwd", FORMAT},
		{"[::1]:5000/a", FORMAT},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(refused); i++) {
		CLEANUP(reference_release) struct reference reference = REFERENCE_INIT;
		CLEANUP(free_string) char *message = xasprintf("\"%s\" is not a valid image reference: %s",
							       refused[i].text, refused[i].reason);
		struct error err = ERROR_INIT;

		EXPECT_ERROR(reference_parse(&reference, refused[i].text, &err), &err, ERROR_INVALID,
			     message);
		EXPECT(!reference.name);
	}
}

TEST(what_is_refused_is_shown_escaped)
{
	CLEANUP(reference_release) struct reference reference = REFERENCE_INIT;
	struct error err = ERROR_INIT;

	EXPECT_ERROR(reference_parse(&reference, "a\x1b[31m", &err), &err, ERROR_INVALID, "\"a\\x1b[31m\"");
}

TEST(after_docker_the_first_component_is_the_host)
{
	static const struct {
		const char *text, *registry, *namespace, *name, *tag, *id;
	} cases[] = {
		{"registry:5000", "registry:5000", "", "", "", ""},
		{"registry:5000/", "registry:5000", "", "", "", ""},
		{"registry", "registry", "", "", "", ""},
		{"registry/app", "registry", "", "app", "", ""},
		{"registry/ns/app/x:v1", "registry", "ns", "app/x", "v1", ""},
		{"[::1]:5000/app@sha256:" HEX, "[::1]:5000", "", "app", "", "sha256:" HEX},
		{"quay.io/a/b:v1", "quay.io", "a", "b", "v1", ""},
		{"q.io/localhost:5000", "q.io", "", "localhost", "5000", ""},
		{"q.io/a.b/c", "q.io", "a.b", "c", "", ""},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		CLEANUP(reference_release) struct reference reference = REFERENCE_INIT;
		struct error err = ERROR_INIT;

		EXPECT_OK(reference_parse_with_host(&reference, cases[i].text, &err), &err);
		EXPECT_STRING(reference.registry, cases[i].registry);
		EXPECT_STRING(reference.namespace, cases[i].namespace);
		EXPECT_STRING(reference.name, cases[i].name);
		EXPECT_STRING(reference.tag, cases[i].tag);
		EXPECT_STRING(reference.id, cases[i].id);
	}
}

TEST(after_docker_malformed_texts_are_refused)
{
	static const struct {
		const char *text, *reason;
	} cases[] = {
		{"", "does not begin with a host"},
		{"/a", "does not begin with a host"},
		{"q.io:99999/a", "does not begin with a host"},
		{"q.io@sha256:" HEX, "does not begin with a host"},
		{"q.io/b.c:5000/a", FORMAT},
		{"q.io/A", LOWERCASE},
		{"q.io/a@sha512:" HEX, "invalid checksum digest length"},
		{"docker.io/" B246 ":tag", TOO_LONG},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		CLEANUP(reference_release) struct reference reference = REFERENCE_INIT;
		struct error err = ERROR_INIT;

		EXPECT_ERROR(reference_parse_with_host(&reference, cases[i].text, &err), &err, ERROR_INVALID,
			     cases[i].reason);
	}
}

TEST(references_are_printed_exactly_for_display_and_as_a_path)
{
	static const struct {
		const char *text, *exact, *display, *repository, *path;
	} cases[] = {
		{"quay.io/a/b:v1", "quay.io/a/b:v1", "quay.io/a/b:v1", "quay.io/a/b", "a/b"},
		{"quay.io/a/b:v1@sha256:" HEX, "quay.io/a/b@sha256:" HEX, "quay.io/a/b@sha256:" HEX,
		 "quay.io/a/b", "a/b"},
		{"a/b:v1", "a/b:v1", "a/b:v1", "a/b", "a/b"},
		{"a.b/c/d:v1", "a.b/c/d:v1", "a.b/c/d:v1", "a.b/c/d", "c/d"},
		{"busybox:local", "busybox:local", "busybox:local", "busybox", "busybox"},
		{"docker.io/busybox", "docker.io/busybox", "docker.io/library/busybox",
		 "docker.io/library/busybox", "busybox"},
		{"index.docker.io/busybox:1", "index.docker.io/busybox:1",
		 "index.docker.io/library/busybox:1", "index.docker.io/library/busybox", "busybox"},
		{"quay.io:443", "", "", "", ""},
		{"localhost:5000", "", "", "", ""},
		{"docker.io", "", "", "", ""},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		CLEANUP(reference_release) struct reference reference = REFERENCE_INIT;
		struct error err = ERROR_INIT;

		EXPECT_OK(reference_parse(&reference, cases[i].text, &err), &err);
		CLEANUP(free_string) char *exact = reference_exact(&reference);
		CLEANUP(free_string) char *display = reference_display(&reference);
		CLEANUP(free_string) char *repository = reference_display_repository(&reference);
		CLEANUP(free_string) char *path = reference_repository_path(&reference);
		EXPECT_STRING(exact, cases[i].exact);
		EXPECT_STRING(display, cases[i].display);
		EXPECT_STRING(repository, cases[i].repository);
		EXPECT_STRING(path, cases[i].path);
	}
}

TEST(a_reference_by_digest_gets_the_tag_of_oc)
{
	static const struct {
		const char *text, *hashed, *tag;
	} cases[] = {
		{"docker.io/my/"
		 "image@sha256:154d7e0295a94fb3d2a97309d711186a98a7308da37a5cd3d50360c6b2ba57de",
		 "docker.io/my/"
		 "image@sha256:154d7e0295a94fb3d2a97309d711186a98a7308da37a5cd3d50360c6b2ba57de",
		 "a1d77056"},
		{"docker.io/"
		 "busybox@sha256:154d7e0295a94fb3d2a97309d711186a98a7308da37a5cd3d50360c6b2ba57de",
		 "docker.io/library/"
		 "busybox@sha256:154d7e0295a94fb3d2a97309d711186a98a7308da37a5cd3d50360c6b2ba57de",
		 "9db361d4"},
		{"registry.access.redhat.com/ubi8-minimal@"
		 "sha256:9285da611437622492f9ef4229877efe302589f1401bbd4052e9bb261b3d4387",
		 "registry.access.redhat.com/ubi8-minimal@"
		 "sha256:9285da611437622492f9ef4229877efe302589f1401bbd4052e9bb261b3d4387",
		 "51f124fa"},
		{"localhost:5000/a/b/c/"
		 "d@sha256:9285da611437622492f9ef4229877efe302589f1401bbd4052e9bb261b3d4387",
		 "localhost:5000/a/b/c/"
		 "d@sha256:9285da611437622492f9ef4229877efe302589f1401bbd4052e9bb261b3d4387",
		 "539f1d73"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		CLEANUP(reference_release) struct reference reference = REFERENCE_INIT;
		struct error err = ERROR_INIT;

		EXPECT_OK(reference_parse(&reference, cases[i].text, &err), &err);
		CLEANUP(free_string) char *hashed = reference_display(&reference);
		CLEANUP(free_string) char *tag = reference_hash_tag(&reference);
		EXPECT_STRING(hashed, cases[i].hashed);
		EXPECT_STRING(tag, cases[i].tag);
	}
}

TEST(docker_defaults_fill_what_is_empty)
{
	static const struct {
		const char *text, *exact;
	} cases[] = {
		{"busybox", "docker.io/library/busybox:latest"},
		{"user/app:1", "docker.io/user/app:1"},
		{"registry-1.docker.io/app", "registry-1.docker.io/library/app:latest"},
		{"quay.io/app", "quay.io/app:latest"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		CLEANUP(reference_release) struct reference reference = REFERENCE_INIT;
		struct error err = ERROR_INIT;

		EXPECT_OK(reference_parse(&reference, cases[i].text, &err), &err);
		reference_apply_docker_defaults(&reference);
		CLEANUP(free_string) char *exact = reference_exact(&reference);
		EXPECT_STRING(exact, cases[i].exact);
	}
}

TEST(the_tag_defaults_to_latest_even_beside_a_digest)
{
	CLEANUP(reference_release) struct reference reference = REFERENCE_INIT;
	struct error err = ERROR_INIT;

	EXPECT_OK(reference_parse(&reference, "quay.io/a/b@sha256:" HEX, &err), &err);
	reference_apply_docker_defaults(&reference);
	EXPECT_STRING(reference.tag, "latest");
	EXPECT_STRING(reference.id, "sha256:" HEX);
}

TEST(a_copy_is_independent)
{
	CLEANUP(reference_release) struct reference reference = REFERENCE_INIT;
	CLEANUP(reference_release) struct reference copy = REFERENCE_INIT;
	struct error err = ERROR_INIT;

	EXPECT_OK(reference_parse(&reference, "quay.io/a/b:v1", &err), &err);
	reference_copy(&copy, &reference);
	reference_set(&reference.tag, "v2");
	reference_set(&reference.name, reference.name);
	EXPECT_STRING(copy.tag, "v1");
	EXPECT_STRING(reference.tag, "v2");
	EXPECT_STRING(reference.name, "b");
}

TEST(only_a_sha256_digest_can_be_copied)
{
	CLEANUP(reference_release) struct reference sha256 = REFERENCE_INIT;
	CLEANUP(reference_release) struct reference sha512 = REFERENCE_INIT;
	CLEANUP(reference_release) struct reference none = REFERENCE_INIT;
	struct error err = ERROR_INIT;
	struct digest digest;
	char text[DIGEST_TEXT_SIZE];

	EXPECT_OK(reference_parse(&sha256, "a@sha256:" HEX, &err), &err);
	EXPECT_OK(reference_parse(&sha512, "a@sha512:" HEX128, &err), &err);
	EXPECT_OK(reference_parse(&none, "a", &err), &err);
	EXPECT_OK(reference_digest(&sha256, &digest, &err), &err);
	EXPECT_STRING(digest_format(&digest, text), "sha256:" HEX);
	EXPECT_ERROR(reference_digest(&sha512, &digest, &err), &err, ERROR_INVALID, "uses sha512");
	EXPECT_ERROR(reference_digest(&none, &digest, &err), &err, ERROR_INVALID, "is not a digest");
}

TEST(docker_hub_is_served_by_another_host)
{
	EXPECT_STRING(reference_connect_host("docker.io"), "registry-1.docker.io");
	EXPECT_STRING(reference_connect_host("index.docker.io"), "registry-1.docker.io");
	EXPECT_STRING(reference_connect_host("registry-1.docker.io"), "registry-1.docker.io");
	EXPECT_STRING(reference_connect_host("quay.io"), "quay.io");
}

TEST(a_tag_has_1_to_128_characters)
{
	EXPECT(reference_is_tag("v1"));
	EXPECT(reference_is_tag("_x.y-Z"));
	EXPECT(reference_is_tag(B50 B50 B10 B10 "bbbbbbbb"));
	EXPECT(!reference_is_tag(B50 B50 B10 B10 "bbbbbbbbb"));
	EXPECT(!reference_is_tag(""));
	EXPECT(!reference_is_tag(".x"));
	EXPECT(!reference_is_tag("-x"));
	EXPECT(!reference_is_tag("a/b"));
	EXPECT(!reference_is_tag("a\xc3\xa4"));
}

TEST(a_repository_path_has_components_of_lower_case)
{
	EXPECT(reference_is_repository_path("a"));
	EXPECT(reference_is_repository_path("a/b-c/d__e.f"));
	EXPECT(reference_is_repository_path(B246));
	EXPECT(!reference_is_repository_path(B246 B10));
	EXPECT(!reference_is_repository_path(""));
	EXPECT(!reference_is_repository_path("A"));
	EXPECT(!reference_is_repository_path("a/"));
	EXPECT(!reference_is_repository_path("/a"));
	EXPECT(!reference_is_repository_path("a/../b"));
	EXPECT(!reference_is_repository_path("a:b/c"));
}

TEST(a_host_is_a_name_or_an_address_with_a_port)
{
	EXPECT(reference_is_host("quay.io"));
	EXPECT(reference_is_host("localhost:5000"));
	EXPECT(reference_is_host("Registry"));
	EXPECT(reference_is_host("10.0.0.1:443"));
	EXPECT(reference_is_host("[::1]"));
	EXPECT(reference_is_host("[fd00::1:2]:65535"));
	EXPECT(!reference_is_host(""));
	EXPECT(!reference_is_host("a:"));
	EXPECT(!reference_is_host("a:0"));
	EXPECT(!reference_is_host("a:65536"));
	EXPECT(!reference_is_host("a:000080"));
	EXPECT(!reference_is_host("a:80:80"));
	EXPECT(!reference_is_host("a..b"));
	EXPECT(!reference_is_host("a."));
	EXPECT(!reference_is_host("-a"));
	EXPECT(!reference_is_host("a/b"));
	EXPECT(!reference_is_host("user@a"));
	EXPECT(!reference_is_host("::1"));
	EXPECT(!reference_is_host("[::1"));
	EXPECT(!reference_is_host("[::1]x"));
	EXPECT(!reference_is_host("[::1]:"));
	EXPECT(!reference_is_host("[1.2.3.4]"));
	EXPECT(!reference_is_host("[" B50 B10 "]"));
}
