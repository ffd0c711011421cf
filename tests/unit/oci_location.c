/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/location.h"

#include "tests/tap.h"

#define DIGEST_TEXT "sha256:3c87c572822935df60f0f5d3665bd376841a7fcfeb806b5f212de6a00e9a7b25"

TEST(archives_and_layouts_have_a_path_and_may_have_a_name)
{
	static const struct {
		const char *text;
		enum location_type type;
		const char *path, *name;
	} cases[] = {
		{"archive:mirror.tar", LOCATION_ARCHIVE, "mirror.tar", NULL},
		{"archive:/media/disk/a:b", LOCATION_ARCHIVE, "/media/disk/a:b", NULL},
		{"file://busybox:local", LOCATION_ARCHIVE, "busybox:local", NULL},
		{"file:///a/b:v1", LOCATION_ARCHIVE, "a/b:v1", NULL},
		{"file://a.b/c/d:v1", LOCATION_ARCHIVE, "a.b/c/d:v1", NULL},
		{"file:////a/b", LOCATION_ARCHIVE, "/a/b", NULL},
		{"oci:dir", LOCATION_OCI_DIRECTORY, "dir", NULL},
		{"oci:/a/b:v1", LOCATION_OCI_DIRECTORY, "/a/b", "v1"},
		{"oci:dir:quay.io/a/b:v1", LOCATION_OCI_DIRECTORY, "dir", "quay.io/a/b:v1"},
		{"oci:dir:", LOCATION_OCI_DIRECTORY, "dir", NULL},
		{"oci-archive:a.tar", LOCATION_OCI_ARCHIVE, "a.tar", NULL},
		{"oci-archive:a.tar:x", LOCATION_OCI_ARCHIVE, "a.tar", "x"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		CLEANUP(location_release) struct location source = LOCATION_INIT;
		CLEANUP(location_release) struct location target = LOCATION_INIT;
		struct error err = ERROR_INIT;

		EXPECT_OK(location_parse(&source, cases[i].text, &err), &err);
		EXPECT(source.type == cases[i].type);
		EXPECT_STRING(source.path, cases[i].path);
		EXPECT_STRING(source.name, cases[i].name);
		EXPECT_STRING(source.text, cases[i].text);
		EXPECT_OK(location_parse_target(&target, cases[i].text, &err), &err);
		EXPECT(target.type == cases[i].type);
		EXPECT_STRING(target.path, cases[i].path);
	}
}

/* oc parses what follows file:// as a reference; so does whoever needs a name for it. */
TEST(the_path_of_a_file_location_can_be_read_as_a_reference)
{
	static const struct {
		const char *text, *registry, *namespace, *name, *tag, *exact, *path;
	} cases[] = {
		{"file:///a/b:v1", "", "a", "b", "v1", "a/b:v1", "a/b"},
		{"file://a.b/c/d:v1", "a.b", "c", "d", "v1", "a.b/c/d:v1", "c/d"},
		{"file://busybox:local", "", "", "busybox", "local", "busybox:local", "busybox"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		CLEANUP(location_release) struct location location = LOCATION_INIT;
		CLEANUP(reference_release) struct reference reference = REFERENCE_INIT;
		struct error err = ERROR_INIT;

		EXPECT_OK(location_parse(&location, cases[i].text, &err), &err);
		EXPECT_OK(reference_parse(&reference, location.path, &err), &err);
		EXPECT_STRING(reference.registry, cases[i].registry);
		EXPECT_STRING(reference.namespace, cases[i].namespace);
		EXPECT_STRING(reference.name, cases[i].name);
		EXPECT_STRING(reference.tag, cases[i].tag);
		EXPECT_STRING(reference.id, "");
		CLEANUP(free_string) char *exact = reference_exact(&reference);
		CLEANUP(free_string) char *path = reference_repository_path(&reference);
		EXPECT_STRING(exact, cases[i].exact);
		EXPECT_STRING(path, cases[i].path);
	}
}

TEST(an_image_in_a_registry_may_be_written_with_and_without_docker)
{
	static const struct {
		const char *text, *registry, *exact;
	} cases[] = {
		{"quay.io/a/b:v1", "quay.io", "quay.io/a/b:v1"},
		{"docker://quay.io/a/b:v1", "quay.io", "quay.io/a/b:v1"},
		{"docker://registry/b@" DIGEST_TEXT, "registry", "registry/b@" DIGEST_TEXT},
		{"docker://[::1]:5000/b", "[::1]:5000", "[::1]:5000/b"},
		{"busybox", "", "busybox"},
		{"registry:5000", "", "registry:5000"},
		{"ns/app", "", "ns/app"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		CLEANUP(location_release) struct location location = LOCATION_INIT;
		struct error err = ERROR_INIT;

		EXPECT_OK(location_parse(&location, cases[i].text, &err), &err);
		EXPECT(location.type == LOCATION_REGISTRY);
		EXPECT_STRING(location.reference.registry, cases[i].registry);
		EXPECT_STRING(location.path, NULL);
		CLEANUP(free_string) char *exact = reference_exact(&location.reference);
		EXPECT_STRING(exact, cases[i].exact);
	}
}

TEST(what_is_not_a_location_is_refused_with_the_way_to_write_it)
{
	static const struct {
		const char *text, *part;
	} cases[] = {
		{"", "\"\" is not a valid image reference: repository name must have at least one "
		     "component"},
		{"file://", "'file://' names no path; write file://PATH"},
		{"file:///", "names no path"},
		{"archive:", "write archive:PATH"},
		{"oci:", "write oci:DIRECTORY[:NAME]"},
		{"oci::name", "names no path"},
		{"oci-archive:", "write oci-archive:FILE[:NAME]"},
		{"s3://bucket/x", "invalid reference format; write [docker://]HOST[:PORT]/REPOSITORY"},
		{"dir:/tmp/x", "oci-archive:FILE[:NAME]"},
		{"quay.io/foo/Bar:1", "repository name must be lowercase"},
		{"localhost:5000", "'localhost:5000' is a registry; an image needs a repository"},
		{"quay.io", "an image needs a repository"},
		{"quay.io@" DIGEST_TEXT, "an image needs a repository"},
		{"docker://registry:5000", "an image needs a repository"},
		{"docker://", "does not begin with a host name"},
		{"docker:///a/b", "does not begin with a host name"},
		{"Team/app", "'Team/app' is not a repository name; it must be lowercase"},
		{"q.io:70000/a", "'q.io:70000' is not a registry"},
		{"a\x1b[2J", "a\\x1b[2J"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		CLEANUP(location_release) struct location location = LOCATION_INIT;
		struct error err = ERROR_INIT;

		EXPECT_ERROR(location_parse(&location, cases[i].text, &err), &err, ERROR_USAGE,
			     cases[i].part);
		EXPECT(!location.text);
	}
}

TEST(a_target_may_be_a_registry_alone_or_a_path_in_it)
{
	static const struct {
		const char *text, *registry, *namespace, *name;
	} cases[] = {
		{"docker://registry:5000", "registry:5000", "", ""},
		{"docker://registry", "registry", "", ""},
		{"docker://registry/ns", "registry", "", "ns"},
		{"docker://registry:5000/ns/sub", "registry:5000", "ns", "sub"},
		{"localhost:5000", "localhost:5000", "", ""},
		{"quay.io", "quay.io", "", ""},
		{"registry:5000/ns", "registry:5000", "", "ns"},
		{"reg.example.com:8443/ns/sub", "reg.example.com:8443", "ns", "sub"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		CLEANUP(location_release) struct location location = LOCATION_INIT;
		struct error err = ERROR_INIT;

		EXPECT_OK(location_parse_target(&location, cases[i].text, &err), &err);
		EXPECT(location.type == LOCATION_REGISTRY);
		EXPECT_STRING(location.reference.registry, cases[i].registry);
		EXPECT_STRING(location.reference.namespace, cases[i].namespace);
		EXPECT_STRING(location.reference.name, cases[i].name);
	}
}

TEST(a_target_that_would_go_elsewhere_is_refused)
{
	static const struct {
		const char *text, *part;
	} cases[] = {
		{"registry:5000",
		 "'registry:5000' reads as image 'registry' with tag '5000', not as a registry; "
		 "write docker://registry:5000"},
		{"registry",
		 "'registry' names no registry; write docker://registry if 'registry' is the host"},
		{"openshift/release", "write docker://openshift/release if 'openshift' is the host"},
		{"registry:v1", "names no registry"},
		{"quay.io/a@" DIGEST_TEXT, "has a digest"},
		{"docker://quay.io/a@" DIGEST_TEXT, "has a digest"},
		{"quay.io@" DIGEST_TEXT, "has a digest"},
		{"quay.io:v1", "'quay.io:v1' is not a registry"},
		{"https://quay.io", "invalid reference format; write"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		CLEANUP(location_release) struct location location = LOCATION_INIT;
		struct error err = ERROR_INIT;

		EXPECT_ERROR(location_parse_target(&location, cases[i].text, &err), &err, ERROR_USAGE,
			     cases[i].part);
	}
}
