/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cluster/naming.h"
#include "tests/tap.h"

#define DIGEST_1 "sha256:154d7e0295a94fb3d2a97309d711186a98a7308da37a5cd3d50360c6b2ba57de"
#define DIGEST_2 "sha256:9285da611437622492f9ef4229877efe302589f1401bbd4052e9bb261b3d4387"

/* "host/path", or "/path" for a target without a host (a folder in oc's file store). */
static void parse_target(struct reference *target, const char *text)
{
	struct error err = ERROR_INIT;

	if (*text != '/') {
		EXPECT_OK(reference_parse_with_host(target, text, &err), &err);
		return;
	}
	EXPECT_OK(reference_parse(target, text + 1, &err), &err);
}

/* All five parts. */
static char *whole_text(const struct reference *reference)
{
	CLEANUP(free_string) char *path = reference_repository_path(reference);

	return xasprintf("%s%s%s:%s%s%s", reference->registry, *reference->registry ? "/" : "", path,
			 reference->tag, *reference->id ? "@" : "", reference->id);
}

static void expect_name(const char *image_text, const char *target_text, unsigned max_components,
			const char *want)
{
	struct error err = ERROR_INIT;
	CLEANUP(reference_release) struct reference image = REFERENCE_INIT;
	CLEANUP(reference_release) struct reference target = REFERENCE_INIT;
	CLEANUP(reference_release) struct reference result = REFERENCE_INIT;

	EXPECT_OK(reference_parse(&image, image_text, &err), &err);
	parse_target(&target, target_text);
	EXPECT_OK(cluster_target_name(&image, &target, max_components, &result, &err), &err);
	CLEANUP(free_string) char *got = result.name ? whole_text(&result) : NULL;
	EXPECT_STRING(got, want);
}

TEST(names_are_those_of_oc)
{
	static const struct {
		const char *image, *target;
		unsigned max_components;
		const char *want;
	} cases[] = {
		{"quay.io/a/b:v1", "reg.example.com:8443", 2, "reg.example.com:8443/a/b:v1"},
		{"quay.io/a/b:v1", "reg.example.com:8443/ns/sub", 2, "reg.example.com:8443/ns/sub-a-b:v1"},
		{"quay.io/a/b:v1", "reg.example.com:8443/ns/sub", 4, "reg.example.com:8443/ns/sub/a/b:v1"},
		{"quay.io/a/b/c/d:v1", "reg.example.com", 2, "reg.example.com/a/b-c-d:v1"},
		{"quay.io/a/b/c/d:v1", "reg.example.com/ns", 2, "reg.example.com/ns/a-b-c-d:v1"},
		{"docker.io/busybox:1", "reg.example.com/ns", 2, "reg.example.com/ns/library-busybox:1"},
		{"busybox", "reg.example.com/ns", 2, "reg.example.com/ns/library-busybox:latest"},
		{"registry.access.redhat.com/ubi8:1", "reg.example.com/ns", 2, "reg.example.com/ns/ubi8:1"},
		{"quay.io/a/b@" DIGEST_1, "reg.example.com/ns", 2,
		 "reg.example.com/ns/a-b:88b8abc8@" DIGEST_1},
		{"quay.io/a/b:v1", "registry:5000/ns", 2, "registry:5000/ns/a-b:v1"},
		{"quay.io/a/b:v1", "/local/index", 0, "local/index/a/b:v1"},
		{"quay.io/a/b@" DIGEST_1, "/local", 0, "local/a/b:88b8abc8@" DIGEST_1},
		{"docker.io/my/image:tag", "quay.io", 2, "quay.io/my/image:tag"},
		{"docker.io/my/image", "quay.io", 2, "quay.io/my/image:latest"},
		{"docker.io/my/image@" DIGEST_1, "quay.io", 2, "quay.io/my/image:a1d77056@" DIGEST_1},
		{"docker.io/my/image@" DIGEST_1, "localhost:5000", 2,
		 "localhost:5000/my/image:a1d77056@" DIGEST_1},
		{"docker.io/my/image", "quay.io/my-org", 2, "quay.io/my-org/my-image:latest"},
		{"docker.io/my/image:tag", "quay.io/my-org", 3, "quay.io/my-org/my/image:tag"},
		{"docker.io/my/image@" DIGEST_1, "quay.io/my-org", 3,
		 "quay.io/my-org/my/image:a1d77056@" DIGEST_1},
		{"docker.io/my/image@" DIGEST_1, "quay.io/my-org/sub-org", 4,
		 "quay.io/my-org/sub-org/my/image:a1d77056@" DIGEST_1},
		{"docker.io/my/image", "/my-local-index/index", 0, "my-local-index/index/my/image:latest"},
		{"docker.io/my/digest-image@" DIGEST_1, "/my-local-index/index", 0,
		 "my-local-index/index/my/digest-image:dcbadf49@" DIGEST_1},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
		expect_name(cases[i].image, cases[i].target, cases[i].max_components, cases[i].want);
}

TEST(an_image_by_digest_gets_the_hash_of_its_text_as_a_tag)
{
	expect_name("docker.io/busybox@" DIGEST_1, "reg.example.com", 2,
		    "reg.example.com/library/busybox:9db361d4@" DIGEST_1);
	expect_name("registry.access.redhat.com/ubi8-minimal@" DIGEST_2, "reg.example.com", 2,
		    "reg.example.com/ubi8-minimal:51f124fa@" DIGEST_2);
	expect_name("localhost:5000/a/b/c/d@" DIGEST_2, "reg.example.com", 0,
		    "reg.example.com/a/b/c/d:539f1d73@" DIGEST_2);
}

TEST(a_tag_beside_a_digest_is_kept)
{
	expect_name("quay.io/a/b:v1@" DIGEST_1, "reg.example.com", 2, "reg.example.com/a/b:v1@" DIGEST_1);
}

TEST(a_limit_of_three_joins_what_is_beyond_the_third)
{
	expect_name("quay.io/a/b:v1", "reg.example.com/ns/sub", 3, "reg.example.com/ns/sub/a-b:v1");
	expect_name("quay.io/a/b/c/d:v1", "reg.example.com", 3, "reg.example.com/a/b/c-d:v1");
	expect_name("quay.io/a/b/c/d:v1", "reg.example.com", 0, "reg.example.com/a/b/c/d:v1");
}

TEST(a_single_component_keeps_its_name_without_a_limit_too)
{
	expect_name("registry.access.redhat.com/ubi8:1", "reg.example.com", 2, "reg.example.com/ubi8:1");
	expect_name("registry.access.redhat.com/ubi8:1", "reg.example.com", 0, "reg.example.com/ubi8:1");
}

TEST(what_has_no_place_in_a_mirror_is_refused)
{
	struct error err = ERROR_INIT;
	CLEANUP(reference_release) struct reference image = REFERENCE_INIT;
	CLEANUP(reference_release) struct reference target = REFERENCE_INIT;
	CLEANUP(reference_release) struct reference nameless = REFERENCE_INIT;
	struct reference result = REFERENCE_INIT;
	char path[201];

	memset(path, 'p', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	CLEANUP(free_string) char *image_text = xasprintf("quay.io/%s:1", path);
	CLEANUP(free_string) char *target_text = xasprintf("reg.example.com/%s", path);
	EXPECT_OK(reference_parse(&image, image_text, &err), &err);
	EXPECT_OK(reference_parse_with_host(&target, target_text, &err), &err);
	EXPECT_ERROR(cluster_target_name(&image, &target, 2, &result, &err), &err, ERROR_INVALID,
		     "its path in the mirror is longer than 255 characters");
	EXPECT_ERROR(cluster_target_name(&image, &target, 1, &result, &err), &err, ERROR_INVALID,
		     "2 or more, or 0");
	EXPECT_OK(reference_parse(&nameless, "quay.io", &err), &err);
	EXPECT_ERROR(cluster_target_name(&nameless, &target, 2, &result, &err), &err, ERROR_INVALID,
		     "without a name");
}
