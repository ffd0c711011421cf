/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cluster/mapping.h"
#include "cluster/naming.h"
#include "tests/tap.h"

#define DIGEST_A "sha256:154d7e0295a94fb3d2a97309d711186a98a7308da37a5cd3d50360c6b2ba57de"
#define DIGEST_B "sha256:9285da611437622492f9ef4229877efe302589f1401bbd4052e9bb261b3d4387"

#define ETCD_1 "coreos/etcd-operator@sha256:c0301e4686c3ed4206e370b42de5a3bd2229b9fb4906cf85f3f30650424abec2"
#define ETCD_2 "coreos/etcd-operator@sha256:db563baa8194fcfe39d1df744ed70024b0f1f9e9b55b5923c2f3a413c44dc6b8"
#define PROMETHEUS_1 \
	"coreos/prometheus-operator@sha256:0e92dd9b5789c4b13d53e1319d0a6375bcca4caaf0d698af61198061222a576d"
#define PROMETHEUS_2 \
	"coreos/prometheus-operator@sha256:3daa69a8c6c2f1d35dcf1fe48a7cd8b230e55f5229a1ded438f687debade5bcf"
#define PROMETHEUS_3 \
	"coreos/prometheus-operator@sha256:5037b4e90dbb03ebdefaa547ddf6a1f748c8eeebeedf6b9d9f0913ad662b5731"

/* What both of oc's test catalogs, sqlite and file-based, list; in no order. */
static const char *const catalog_images[] = {
	"quay.io/" PROMETHEUS_3,
	"quay.io/test/etcd.0.9.2",
	"quay.io/" ETCD_2,
	"quay.io/" PROMETHEUS_1,
	"quay.io/test/prometheus.0.14.0",
	"quay.io/test/prometheus.0.22.2",
	"quay.io/" ETCD_1,
	"quay.io/test/prometheus.0.15.0",
	"quay.io/" PROMETHEUS_2,
	"quay.io/test/etcd.0.9.0",
	NULL,
};

static void build(struct mapping *mapping, const char *const *images, const char *index_text,
		  const char *mirror_text, unsigned max_components, struct strvec *warnings)
{
	struct error err = ERROR_INIT;
	CLEANUP(strvec_release) struct strvec list = STRVEC_INIT;
	CLEANUP(reference_release) struct reference index = REFERENCE_INIT;
	CLEANUP(reference_release) struct reference mirror = REFERENCE_INIT;

	for (; *images; images++)
		strvec_push(&list, *images);
	if (index_text)
		EXPECT_OK(reference_parse(&index, index_text, &err), &err);
	EXPECT_OK(reference_parse_with_host(&mirror, mirror_text, &err), &err);
	EXPECT_OK(mapping_build(mapping, &list, index_text ? &index : NULL, &mirror, max_components, warnings,
				&err),
		  &err);
}

static void expect_text(const char *const *images, const char *index, const char *mirror,
			unsigned max_components, const char *want)
{
	CLEANUP(mapping_release) struct mapping mapping = MAPPING_INIT;
	CLEANUP(strvec_release) struct strvec warnings = STRVEC_INIT;
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;

	build(&mapping, images, index, mirror, max_components, &warnings);
	mapping_text(&mapping, &text);
	EXPECT_STRING(text.buf, want);
	EXPECT(warnings.count == 0);
}

TEST(a_catalog_keeps_its_paths_at_a_bare_registry)
{
	expect_text(catalog_images, "quay.io/example/image:tag", "localhost:5000", 2,
		    "quay.io/" ETCD_1 "=localhost:5000/coreos/etcd-operator:2f1eb95\n"
		    "quay.io/" ETCD_2 "=localhost:5000/coreos/etcd-operator:b56e2636\n"
		    "quay.io/" PROMETHEUS_1 "=localhost:5000/coreos/prometheus-operator:7f39d12d\n"
		    "quay.io/" PROMETHEUS_2 "=localhost:5000/coreos/prometheus-operator:1ebe036a\n"
		    "quay.io/" PROMETHEUS_3 "=localhost:5000/coreos/prometheus-operator:76771fef\n"
		    "quay.io/example/image:tag=localhost:5000/example/image:tag\n"
		    "quay.io/test/etcd.0.9.0:latest=localhost:5000/test/etcd.0.9.0:latest\n"
		    "quay.io/test/etcd.0.9.2:latest=localhost:5000/test/etcd.0.9.2:latest\n"
		    "quay.io/test/prometheus.0.14.0:latest=localhost:5000/test/prometheus.0.14.0:latest\n"
		    "quay.io/test/prometheus.0.15.0:latest=localhost:5000/test/prometheus.0.15.0:latest\n"
		    "quay.io/test/prometheus.0.22.2:latest=localhost:5000/test/prometheus.0.22.2:latest\n");
}

TEST(a_catalog_goes_into_one_namespace)
{
	static const char *const mirrors[] = {"quay.io/org", "localhost:5000/org"};

	for (size_t i = 0; i < ARRAY_LENGTH(mirrors); i++) {
		const char *m = mirrors[i];
		CLEANUP(free_string) char *want =
			xasprintf("quay.io/" ETCD_1 "=%s/coreos-etcd-operator:2f1eb95\n"
				  "quay.io/" ETCD_2 "=%s/coreos-etcd-operator:b56e2636\n"
				  "quay.io/" PROMETHEUS_1 "=%s/coreos-prometheus-operator:7f39d12d\n"
				  "quay.io/" PROMETHEUS_2 "=%s/coreos-prometheus-operator:1ebe036a\n"
				  "quay.io/" PROMETHEUS_3 "=%s/coreos-prometheus-operator:76771fef\n"
				  "quay.io/example/image:tag=%s/example-image:tag\n"
				  "quay.io/test/etcd.0.9.0:latest=%s/test-etcd.0.9.0:latest\n"
				  "quay.io/test/etcd.0.9.2:latest=%s/test-etcd.0.9.2:latest\n"
				  "quay.io/test/prometheus.0.14.0:latest=%s/test-prometheus.0.14.0:latest\n"
				  "quay.io/test/prometheus.0.15.0:latest=%s/test-prometheus.0.15.0:latest\n"
				  "quay.io/test/prometheus.0.22.2:latest=%s/test-prometheus.0.22.2:latest\n",
				  m, m, m, m, m, m, m, m, m, m, m);
		expect_text(catalog_images, "quay.io/example/image:tag", m, 2, want);
	}
}

/* oc's two hops through a directory: everything goes below the name of the index. */
TEST(a_folder_holds_a_catalog_below_the_name_of_its_index)
{
	static const char *const wanted[][2] = {
		{"quay.io/" ETCD_1, "local/index/example/image/coreos/etcd-operator:2f1eb95"},
		{"quay.io/" PROMETHEUS_2, "local/index/example/image/coreos/prometheus-operator:1ebe036a"},
		{"quay.io/test/etcd.0.9.0", "local/index/example/image/test/etcd.0.9.0:latest"},
	};
	struct error err = ERROR_INIT;
	CLEANUP(reference_release) struct reference index = REFERENCE_INIT;
	CLEANUP(reference_release) struct reference folder = REFERENCE_INIT;
	CLEANUP(reference_release) struct reference below = REFERENCE_INIT;

	EXPECT_OK(reference_parse(&index, "quay.io/example/image:tag", &err), &err);
	EXPECT_OK(reference_parse(&folder, "local/index", &err), &err);
	EXPECT_OK(cluster_target_name(&index, &folder, 0, &below, &err), &err);
	CLEANUP(free_string) char *below_text = reference_exact(&below);
	EXPECT_STRING(below_text, "local/index/example/image:tag");

	for (size_t i = 0; i < ARRAY_LENGTH(wanted); i++) {
		CLEANUP(reference_release) struct reference image = REFERENCE_INIT;
		CLEANUP(reference_release) struct reference target = REFERENCE_INIT;
		EXPECT_OK(reference_parse(&image, wanted[i][0], &err), &err);
		EXPECT_OK(cluster_target_name(&image, &below, 0, &target, &err), &err);
		CLEANUP(free_string) char *path = reference_repository_path(&target);
		CLEANUP(free_string) char *text = xasprintf("%s:%s", path, target.tag);
		EXPECT_STRING(text, wanted[i][1]);
	}
}

TEST(mapping_text_shows_digests_at_the_source_and_tags_at_the_target)
{
	static const char *const images[] = {
		"docker.io/strimzi/"
		"operator@sha256:d134a9865524c29fcf75bbc4469013bc38d8a15cb5f41acfddb6b9e492f556e4",
		"quay.io/halkyonio/operator:v0.1.8",
		NULL,
	};

	expect_text(images, NULL, "quay.io/olmtest", 2,
		    "docker.io/strimzi/operator@sha256:"
		    "d134a9865524c29fcf75bbc4469013bc38d8a15cb5f41acfddb6b9e492f556e4"
		    "=quay.io/olmtest/strimzi-operator:2b13d275\n"
		    "quay.io/halkyonio/operator:v0.1.8=quay.io/olmtest/halkyonio-operator:v0.1.8\n");
}

TEST(sources_get_docker_defaults_and_the_index_stays)
{
	static const char *const images[] = {"busybox", "busybox:latest", "busybox@" DIGEST_A, NULL};
	CLEANUP(mapping_release) struct mapping mapping = MAPPING_INIT;
	CLEANUP(strvec_release) struct strvec warnings = STRVEC_INIT;
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;

	build(&mapping, images, "quay.io/my/index", "reg.example.com", 2, &warnings);
	mapping_sources_text(&mapping, &text);
	EXPECT_STRING(text.buf, "docker.io/library/busybox:latest\n"
				"docker.io/library/busybox@" DIGEST_A "\n"
				"quay.io/my/index\n");
	EXPECT(mapping.count == 3);
	EXPECT(mapping_index(&mapping) != NULL);
	EXPECT_STRING(mapping_index(&mapping)->text, "quay.io/my/index");
	EXPECT_STRING(mapping_index(&mapping)->target.tag, "latest");
}

TEST(the_order_of_the_list_does_not_matter)
{
	static const char *const forward[] = {"busybox", "docker.io/busybox:latest", "quay.io/a:1", NULL};
	static const char *const backward[] = {"quay.io/a:1", "docker.io/busybox:latest", "busybox", NULL};
	CLEANUP(mapping_release) struct mapping a = MAPPING_INIT;
	CLEANUP(mapping_release) struct mapping b = MAPPING_INIT;
	CLEANUP(strvec_release) struct strvec warnings = STRVEC_INIT;

	build(&a, forward, NULL, "reg.example.com", 2, &warnings);
	build(&b, backward, NULL, "reg.example.com", 2, &warnings);
	EXPECT(a.count == 2 && b.count == 2);
	for (size_t i = 0; i < a.count && i < b.count; i++)
		EXPECT_STRING(a.entries[i].text, b.entries[i].text);
}

TEST(images_that_cannot_be_named_become_warnings)
{
	static const char *const images[] = {"quay.io/a/b:1", "quay.io/A/b", "quay.io", "\x1b[2J", NULL};
	CLEANUP(mapping_release) struct mapping mapping = MAPPING_INIT;
	CLEANUP(strvec_release) struct strvec warnings = STRVEC_INIT;

	build(&mapping, images, NULL, "reg.example.com", 2, &warnings);
	EXPECT(mapping.count == 1);
	EXPECT(warnings.count == 3);
	EXPECT(strstr(warnings.items[0], "\"quay.io/A/b\" is not a valid image reference"));
	EXPECT(strstr(warnings.items[0], "it is left out"));
	EXPECT(!strchr(warnings.items[2], '\x1b'));
}

TEST(a_wrong_limit_is_an_error)
{
	struct error err = ERROR_INIT;
	CLEANUP(strvec_release) struct strvec empty = STRVEC_INIT;
	CLEANUP(reference_release) struct reference mirror = REFERENCE_INIT;
	struct mapping mapping = MAPPING_INIT;

	EXPECT_OK(reference_parse_with_host(&mirror, "reg.example.com", &err), &err);
	EXPECT_ERROR(mapping_build(&mapping, &empty, NULL, &mirror, 1, &empty, &err), &err, ERROR_INVALID,
		     "at least 2");
	EXPECT_OK(mapping_build(&mapping, &empty, NULL, &mirror, 2, &empty, &err), &err);
	EXPECT(mapping.count == 0);
	mapping_release(&mapping);
}

static void expect_conflicts(const char *const *images, const char *mirror, unsigned max_components,
			     const char *want, bool can_be_avoided, unsigned want_max_components)
{
	CLEANUP(mapping_release) struct mapping mapping = MAPPING_INIT;
	CLEANUP(strvec_release) struct strvec warnings = STRVEC_INIT;
	CLEANUP(strvec_release) struct strvec conflicts = STRVEC_INIT;
	unsigned safe = 99;

	build(&mapping, images, NULL, mirror, max_components, &warnings);
	EXPECT(mapping_find_conflicts(&mapping, &conflicts) == (want != NULL));
	EXPECT_STRING(conflicts.count ? conflicts.items[0] : NULL, want);
	EXPECT(mapping_find_max_components(&mapping, &safe) == can_be_avoided);
	if (can_be_avoided)
		EXPECT(safe == want_max_components);
}

TEST(joined_paths_can_meet_and_a_larger_limit_keeps_them_apart)
{
	static const char *const images[] = {"quay.io/a/b-c:v1", "quay.io/a-b/c:v1", NULL};
	static const char *const deep[] = {"quay.io/a/b/c-d:v1", "quay.io/a/b-c/d:v1", NULL};
	static const char *const apart[] = {"quay.io/a/b-c:v1", "quay.io/a-b/c:v2", NULL};

	expect_conflicts(images, "reg.example.com/ns", 2,
			 "quay.io/a/b-c:v1 and quay.io/a-b/c:v1 both go to reg.example.com/ns/a-b-c:v1", true,
			 3);
	expect_conflicts(images, "reg.example.com/ns", 3, NULL, true, 3);
	expect_conflicts(images, "reg.example.com", 2, NULL, true, 2);
	expect_conflicts(deep, "reg.example.com", 2,
			 "quay.io/a/b-c/d:v1 and quay.io/a/b/c-d:v1 both go to reg.example.com/a/b-c-d:v1",
			 true, 3);
	expect_conflicts(deep, "reg.example.com/ns/x", 3,
			 "quay.io/a/b-c/d:v1 and quay.io/a/b/c-d:v1 both go to "
			 "reg.example.com/ns/x/a-b-c-d:v1",
			 true, 5);
	expect_conflicts(apart, "reg.example.com/ns", 2, NULL, true, 2);
}

TEST(the_registry_alone_keeps_nothing_apart)
{
	static const char *const images[] = {"quay.io/a/b:v1", "docker.io/a/b:v1", "ghcr.io/a/b:v1", NULL};

	expect_conflicts(images, "reg.example.com", 2,
			 "docker.io/a/b:v1 and ghcr.io/a/b:v1 both go to reg.example.com/a/b:v1", false, 0);
}

TEST(known_equal_digests_do_not_conflict)
{
	static const char *const images[] = {"quay.io/a/b:v1", "quay.io/a/b:v1@" DIGEST_A, NULL};
	struct error err = ERROR_INIT;
	CLEANUP(mapping_release) struct mapping mapping = MAPPING_INIT;
	CLEANUP(strvec_release) struct strvec list = STRVEC_INIT;

	build(&mapping, images, NULL, "reg.example.com", 2, &list);
	EXPECT(mapping.count == 2);
	EXPECT(!mapping.entries[0].digest_is_known && mapping.entries[1].digest_is_known);
	EXPECT(mapping_find_conflicts(&mapping, &list));

	EXPECT_OK(digest_parse(&mapping.entries[0].digest, DIGEST_A, &err), &err);
	mapping.entries[0].digest_is_known = true;
	EXPECT(!mapping_find_conflicts(&mapping, &list));
	unsigned safe = 0;
	EXPECT(mapping_find_max_components(&mapping, &safe));
	EXPECT(safe == 2);

	EXPECT_OK(digest_parse(&mapping.entries[0].digest, DIGEST_B, &err), &err);
	EXPECT(mapping_find_conflicts(&mapping, &list));
}
