/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "cluster/manifests.h"
#include "cluster/release_target.h"
#include "tests/tap.h"

#define DIGEST_R "sha256:154d7e0295a94fb3d2a97309d711186a98a7308da37a5cd3d50360c6b2ba57de"
#define DIGEST_A "sha256:9285da611437622492f9ef4229877efe302589f1401bbd4052e9bb261b3d4387"
#define DIGEST_B "sha256:c0301e4686c3ed4206e370b42de5a3bd2229b9fb4906cf85f3f30650424abec2"

#define RELEASE "quay.io/openshift-release-dev/ocp-release"
#define ART "quay.io/openshift-release-dev/ocp-v4.0-art-dev"

#define MAX_COMPONENTS 4

/* A release, and where it goes. */
struct fixture {
	struct release_component components[MAX_COMPONENTS];
	struct reference release;
	struct reference release_image_target;
	struct release_target target;
	struct release_places places;
	struct mapping mapping;
};

static void fixture_release(struct fixture *fixture)
{
	for (size_t i = 0; i < MAX_COMPONENTS; i++) {
		free_string(&fixture->components[i].name);
		free_string(&fixture->components[i].image);
		reference_release(&fixture->components[i].reference);
	}
	reference_release(&fixture->release);
	reference_release(&fixture->release_image_target);
	release_target_release(&fixture->target);
	mapping_release(&fixture->mapping);
}

static void add_component(struct fixture *fixture, const char *name, const char *image)
{
	struct error err = ERROR_INIT;
	struct release_component *component = &fixture->components[fixture->places.n_components++];

	component->name = xstrdup(name);
	component->image = xstrdup(image);
	EXPECT_OK(reference_parse(&component->reference, image, &err), &err);
	EXPECT_OK(reference_digest(&component->reference, &component->digest, &err), &err);
}

static void init(struct fixture *fixture, const char *release, const char *to)
{
	struct error err = ERROR_INIT;

	EXPECT_OK(reference_parse(&fixture->release, release, &err), &err);
	EXPECT_OK(release_target_parse(&fixture->target, to, &err), &err);
	fixture->places = (struct release_places){
		.version = "4.16.3",
		.architecture = "x86_64",
		.release = &fixture->release,
		.components = fixture->components,
		.target = &fixture->target,
	};
}

/* Two components are one image; their order is not that of their names. */
static void init_usual(struct fixture *fixture)
{
	init(fixture, RELEASE ":4.16.3-x86_64@" DIGEST_R, "reg.lan:5000/ocp/release");
	add_component(fixture, "hyperkube", ART "@" DIGEST_B);
	add_component(fixture, "cli", ART "@" DIGEST_A);
	add_component(fixture, "alias", ART "@" DIGEST_B);
}

static void set_release_image(struct fixture *fixture, const char *text)
{
	struct error err = ERROR_INIT;

	EXPECT_OK(reference_parse(&fixture->release_image_target, text, &err), &err);
	fixture->places.release_image_target = &fixture->release_image_target;
}

static void build(struct fixture *fixture)
{
	struct error err = ERROR_INIT;

	EXPECT_OK(release_mapping_build(&fixture->mapping, &fixture->places, &err), &err);
}

static void expect_mapping(struct fixture *fixture, const char *want)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;

	build(fixture);
	mapping_text(&fixture->mapping, &text);
	EXPECT_STRING(text.buf, want);
}

TEST(every_component_has_its_place_and_none_is_an_index)
{
	CLEANUP(fixture_release) struct fixture fixture = {0};

	init_usual(&fixture);
	expect_mapping(&fixture, RELEASE "@" DIGEST_R "=reg.lan:5000/ocp/release:4.16.3-x86_64\n" ART
					 "@" DIGEST_A "=reg.lan:5000/ocp/release:4.16.3-x86_64-cli\n" ART
					 "@" DIGEST_B "=reg.lan:5000/ocp/release:4.16.3-x86_64-alias\n" ART
					 "@" DIGEST_B "=reg.lan:5000/ocp/release:4.16.3-x86_64-hyperkube\n");
	EXPECT(!mapping_index(&fixture.mapping));
	EXPECT(fixture.mapping.is_release);
	EXPECT_STRING(fixture.mapping.mirror.registry, "reg.lan:5000");
	EXPECT_STRING(fixture.mapping.mirror.namespace, "ocp");
	EXPECT_STRING(fixture.mapping.mirror.name, "release");
	EXPECT_STRING(fixture.mapping.mirror.tag, "");
}

TEST(sources_have_a_digest_alone_and_targets_both)
{
	static const char *const texts[] = {
		RELEASE "@" DIGEST_R,
		ART "@" DIGEST_A,
		ART "@" DIGEST_B,
		ART "@" DIGEST_B,
	};
	static const char *const tags[] = {
		"4.16.3-x86_64",
		"4.16.3-x86_64-cli",
		"4.16.3-x86_64-alias",
		"4.16.3-x86_64-hyperkube",
	};
	CLEANUP(fixture_release) struct fixture fixture = {0};

	init_usual(&fixture);
	build(&fixture);
	EXPECT(fixture.mapping.count == ARRAY_LENGTH(texts));
	for (size_t i = 0; i < fixture.mapping.count && i < ARRAY_LENGTH(texts); i++) {
		const struct mapping_entry *entry = &fixture.mapping.entries[i];
		EXPECT_STRING(entry->text, texts[i]);
		EXPECT_STRING(entry->source.tag, "");
		EXPECT_STRING(entry->target.tag, tags[i]);
		EXPECT_STRING(entry->target.id, entry->source.id);
		EXPECT(entry->digest_is_known);
	}
	EXPECT(!mapping_find_conflicts(&fixture.mapping, &(struct strvec)STRVEC_INIT));
}

TEST(a_source_without_registry_is_docker_io_and_keeps_its_text)
{
	CLEANUP(fixture_release) struct fixture fixture = {0};

	init(&fixture, "me/release@" DIGEST_R, "reg.lan/ocp");
	add_component(&fixture, "busy", "busybox@" DIGEST_A);
	expect_mapping(&fixture, "docker.io/library/busybox@" DIGEST_A
				 "=reg.lan/ocp:4.16.3-x86_64-busy\ndocker.io/me/release@" DIGEST_R
				 "=reg.lan/ocp:4.16.3-x86_64\n");
	EXPECT_STRING(fixture.mapping.entries[0].text, "busybox@" DIGEST_A);
}

TEST(the_release_image_may_go_elsewhere_or_nowhere)
{
	CLEANUP(fixture_release) struct fixture elsewhere = {0};
	CLEANUP(fixture_release) struct fixture nowhere = {0};
	CLEANUP(fixture_release) struct fixture untagged = {0};
	struct error err = ERROR_INIT;

	init(&elsewhere, RELEASE "@" DIGEST_R, "reg.lan/ocp:${version}-${component}");
	add_component(&elsewhere, "cli", ART "@" DIGEST_A);
	set_release_image(&elsewhere, "other.lan/rel:x");
	expect_mapping(&elsewhere, RELEASE "@" DIGEST_R "=other.lan/rel:x\n" ART "@" DIGEST_A
					   "=reg.lan/ocp:4.16.3-cli-x86_64\n");

	init(&nowhere, RELEASE "@" DIGEST_R, "reg.lan/ocp");
	add_component(&nowhere, "cli", ART "@" DIGEST_A);
	nowhere.places.skip_release_image = true;
	expect_mapping(&nowhere, ART "@" DIGEST_A "=reg.lan/ocp:4.16.3-x86_64-cli\n");

	init(&untagged, RELEASE "@" DIGEST_R, "reg.lan/ocp");
	set_release_image(&untagged, "other.lan/rel");
	EXPECT_ERROR(release_mapping_build(&untagged.mapping, &untagged.places, &err), &err, ERROR_USAGE,
		     "other.lan/rel: --to-release-image needs a tag");
}

TEST(what_meets_in_one_place_is_a_conflict)
{
	CLEANUP(fixture_release) struct fixture fixture = {0};
	CLEANUP(strvec_release) struct strvec conflicts = STRVEC_INIT;

	init(&fixture, RELEASE "@" DIGEST_R, "reg.lan/ocp:${component}");
	add_component(&fixture, "release", ART "@" DIGEST_A);
	build(&fixture);
	EXPECT(mapping_find_conflicts(&fixture.mapping, &conflicts));
	EXPECT(conflicts.count == 1);
	if (conflicts.count == 1)
		EXPECT_STRING(conflicts.items[0], RELEASE "@" DIGEST_R " and " ART "@" DIGEST_A
							  " both go to reg.lan/ocp:release-x86_64");
}

TEST(errors_leave_the_mapping_alone)
{
	CLEANUP(fixture_release) struct fixture by_tag = {0};
	CLEANUP(fixture_release) struct fixture bad_name = {0};
	struct error err = ERROR_INIT;

	init(&by_tag, RELEASE ":4.16.3", "reg.lan/ocp");
	EXPECT_ERROR(release_mapping_build(&by_tag.mapping, &by_tag.places, &err), &err, ERROR_INVALID,
		     RELEASE ":4.16.3: a release is mirrored by its digest");
	init(&bad_name, RELEASE "@" DIGEST_R, "reg.lan/ocp");
	add_component(&bad_name, "a b", ART "@" DIGEST_A);
	EXPECT_ERROR(release_mapping_build(&bad_name.mapping, &bad_name.places, &err), &err, ERROR_INVALID,
		     "'4.16.3-x86_64-a b' is no tag");
	EXPECT(!bad_name.mapping.entries && !bad_name.mapping.mirror.registry);
}

/* "source -> mirror mirror\n" for each entry. */
static void expect_policy(const struct fixture *fixture, enum policy_scope scope,
			  const struct reference *further, size_t n_further, const char *want)
{
	struct error err = ERROR_INIT;
	CLEANUP(policy_release) struct policy policy = POLICY_INIT;
	CLEANUP(strbuf_release) struct strbuf got = STRBUF_INIT;

	EXPECT_OK(policy_add_mapping(&policy, &fixture->mapping, scope, further, n_further, &err), &err);
	for (size_t i = 0; i < policy.count; i++) {
		strbuf_addf(&got, "%s ->", policy.entries[i].source);
		for (size_t j = 0; j < policy.entries[i].mirrors.count; j++)
			strbuf_addf(&got, " %s", policy.entries[i].mirrors.items[j]);
		strbuf_add_char(&got, '\n');
	}
	EXPECT_STRING(got.buf, want);
}

TEST(no_scope_says_anything_wrong)
{
	static const char want[] =
		RELEASE " -> reg.lan:5000/ocp/release\n" ART " -> reg.lan:5000/ocp/release\n";
	CLEANUP(fixture_release) struct fixture fixture = {0};
	CLEANUP(fixture_release) struct fixture same_path = {0};

	init_usual(&fixture);
	build(&fixture);
	expect_policy(&fixture, POLICY_SCOPE_REPOSITORY, NULL, 0, want);
	expect_policy(&fixture, POLICY_SCOPE_NAMESPACE, NULL, 0, want);
	expect_policy(&fixture, POLICY_SCOPE_AUTO, NULL, 0, want);
	expect_policy(&fixture, POLICY_SCOPE_REGISTRY, NULL, 0, "quay.io -> reg.lan:5000\n");
	EXPECT(!policy_registry_scope_is_right(&fixture.mapping));

	/* The release would be right for the whole namespace, its components are not. */
	init(&same_path, RELEASE "@" DIGEST_R, "reg.lan/openshift-release-dev/ocp-release");
	add_component(&same_path, "cli", ART "@" DIGEST_A);
	build(&same_path);
	expect_policy(&same_path, POLICY_SCOPE_NAMESPACE, NULL, 0,
		      RELEASE " -> reg.lan/openshift-release-dev/ocp-release\n" ART
			      " -> reg.lan/openshift-release-dev/ocp-release\n");
	expect_policy(&same_path, POLICY_SCOPE_AUTO, NULL, 0,
		      RELEASE " -> reg.lan/openshift-release-dev/ocp-release\n" ART
			      " -> reg.lan/openshift-release-dev/ocp-release\n");
	EXPECT(!policy_registry_scope_is_right(&same_path.mapping));
}

TEST(wide_scopes_are_right_for_a_release_in_one_repository)
{
	CLEANUP(fixture_release) struct fixture fixture = {0};

	init(&fixture, "quay.io/okd/release@" DIGEST_R, "reg.lan/okd/release");
	add_component(&fixture, "cli", "quay.io/okd/release@" DIGEST_A);
	build(&fixture);
	EXPECT(policy_registry_scope_is_right(&fixture.mapping));
	expect_policy(&fixture, POLICY_SCOPE_AUTO, NULL, 0, "quay.io -> reg.lan\n");
}

TEST(a_further_mirror_is_the_repository_itself)
{
	struct error err = ERROR_INIT;
	CLEANUP(fixture_release) struct fixture fixture = {0};
	CLEANUP(reference_release) struct reference further = REFERENCE_INIT;
	CLEANUP(reference_release) struct reference host = REFERENCE_INIT;
	CLEANUP(policy_release) struct policy policy = POLICY_INIT;

	init_usual(&fixture);
	set_release_image(&fixture, "reg.lan:5000/rel:x");
	build(&fixture);
	EXPECT_OK(reference_parse(&further, "b.lan/dr/ocp/release", &err), &err);
	expect_policy(&fixture, POLICY_SCOPE_REPOSITORY, &further, 1,
		      RELEASE " -> reg.lan:5000/rel b.lan/dr/ocp/release\n" ART
			      " -> reg.lan:5000/ocp/release b.lan/dr/ocp/release\n");
	EXPECT_OK(reference_parse_with_host(&host, "b.lan", &err), &err);
	EXPECT_ERROR(policy_add_mapping(&policy, &fixture.mapping, POLICY_SCOPE_AUTO, &host, 1, &err), &err,
		     ERROR_INVALID, "b.lan: a further mirror of a release is the repository that holds it");
}

static char *read_named(const char *directory, const char *name)
{
	struct error err = ERROR_INIT;
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	CLEANUP(free_string) char *path = xasprintf("%s/%s", directory, name);

	EXPECT_OK(file_read(AT_FDCWD, path, 1 << 20, &bytes, &err), &err);
	return strbuf_detach(&bytes);
}

TEST(the_manifests_of_a_release_have_no_catalog_source_and_touch_none)
{
	static const char policy[] = "  - mirrors:\n    - reg.lan:5000/ocp/release\n    source: " RELEASE "\n"
				     "  - mirrors:\n    - reg.lan:5000/ocp/release\n    source: " ART "\n";
	static const char *const names[] = {
		"mapping.txt",
		"imageContentSourcePolicy.yaml",
		"imageDigestMirrorSet.yaml",
		"missing.txt",
	};
	struct error err = ERROR_INIT;
	CLEANUP(fixture_release) struct fixture fixture = {0};
	CLEANUP(cluster_files_release) struct cluster_files files = CLUSTER_FILES_INIT;
	CLEANUP(free_string) char *stale = xasprintf("%s/catalogSource.yaml", test_directory());
	bool is_changed = false;

	init_usual(&fixture);
	build(&fixture);
	EXPECT_OK(manifests_build(&fixture.mapping,
				  &(struct manifests_options){
					  .name = "ocp-release",
					  .max_icsp_size_bytes = POLICY_DEFAULT_MAX_SIZE,
					  .max_idms_size_bytes = POLICY_DEFAULT_MAX_SIZE,
				  },
				  &files, &err),
		  &err);
	EXPECT(files.count == ARRAY_LENGTH(names));
	for (size_t i = 0; i < files.count && i < ARRAY_LENGTH(names); i++)
		EXPECT_STRING(files.items[i].name, names[i]);
	EXPECT_OK(file_replace(AT_FDCWD, stale, "of a catalog\n", 13, 0644, &err), &err);
	EXPECT_OK(manifests_directory_fill(test_directory(), &files, &is_changed, &err), &err);
	CLEANUP(free_string) char *kept = read_named(test_directory(), "catalogSource.yaml");
	EXPECT_STRING(kept, "of a catalog\n");
	for (size_t i = 1; i <= 2; i++) {
		CLEANUP(free_string) char *text = read_named(test_directory(), names[i]);
		EXPECT(text && strstr(text, "  name: ocp-release-0\n") && strstr(text, policy));
	}
}
