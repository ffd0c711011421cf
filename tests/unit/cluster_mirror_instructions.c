/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cluster/mirror_instructions.h"
#include "tests/tap.h"

#define HEAD \
	"\nTo use the new mirrored repository to install, add the following section to the " \
	"install-config.yaml:\n\n"
#define MIDDLE "\n\nTo use the new mirrored repository for upgrades, use the following to create an "

static const char install_entries[] = "- mirrors:\n"
				      "  - registry/another/test\n"
				      "  source: quay/another/test\n"
				      "- mirrors:\n"
				      "  - registry/ocp/test\n"
				      "  source: quay/ocp/test\n";
static const char policy_entries[] = "  - mirrors:\n"
				     "    - registry/another/test\n"
				     "    source: quay/another/test\n"
				     "  - mirrors:\n"
				     "    - registry/ocp/test\n"
				     "    source: quay/ocp/test\n";

static void expect_text(enum policy_kind kind, const struct policy *policy, const char *want)
{
	CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT;

	mirror_instructions_text(kind, policy, &out);
	EXPECT_STRING(out.buf, want);
}

TEST(the_texts_are_oc_s)
{
	CLEANUP(policy_release) struct policy policy = POLICY_INIT;
	CLEANUP(free_string)
	char *icsp = xasprintf("%simageContentSources:\n%s%sImageContentSourcePolicy:\n\n"
			       "apiVersion: operator.openshift.io/v1alpha1\n"
			       "kind: ImageContentSourcePolicy\n"
			       "metadata:\n"
			       "  name: example\n"
			       "spec:\n"
			       "  repositoryDigestMirrors:\n%s",
			       HEAD, install_entries, MIDDLE, policy_entries);
	CLEANUP(free_string)
	char *idms = xasprintf("%simageDigestSources:\n%s%sImageDigestMirrorSet:\n\n"
			       "apiVersion: config.openshift.io/v1\n"
			       "kind: ImageDigestMirrorSet\n"
			       "metadata:\n"
			       "  name: example\n"
			       "spec:\n"
			       "  imageDigestMirrors:\n%s",
			       HEAD, install_entries, MIDDLE, policy_entries);

	/* Sorted, whatever the order in which sources come; a mirror once. */
	policy_add(&policy, "quay/ocp/test", "registry/ocp/test");
	policy_add(&policy, "quay/another/test", "registry/another/test");
	policy_add(&policy, "quay/ocp/test", "registry/ocp/test");
	expect_text(POLICY_ICSP, &policy, icsp);
	expect_text(POLICY_IDMS, &policy, idms);
}

TEST(scalars_are_quoted_where_yaml_needs_it)
{
	CLEANUP(policy_release) struct policy policy = POLICY_INIT;
	CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT;

	policy_add(&policy, "1.5", "[::1]:5000/a");
	mirror_instructions_text(POLICY_IDMS, &policy, &out);
	EXPECT(strstr(out.buf, "\n  - '[::1]:5000/a'\n  source: \"1.5\"\n") != NULL);
	EXPECT(strstr(out.buf, "\n    - '[::1]:5000/a'\n    source: \"1.5\"\n") != NULL);
}

static void add(struct mapping *mapping, const char *source, const char *target)
{
	struct error err = ERROR_INIT;
	struct mapping_entry entry = {.text = xstrdup(source)};

	EXPECT_OK(reference_parse(&entry.source, source, &err), &err);
	EXPECT_OK(reference_parse(&entry.target, target, &err), &err);
	mapping_add(mapping, &entry);
}

TEST(every_source_has_all_mirrors_and_the_target_first)
{
	struct error err = ERROR_INIT;
	CLEANUP(mapping_release) struct mapping mapping = MAPPING_INIT;
	CLEANUP(policy_release) struct policy policy = POLICY_INIT;
	CLEANUP(reference_release) struct reference first = REFERENCE_INIT;

	add(&mapping, "127.0.0.1:5001/ocp/zz-second:a", "127.0.0.1:5002/ocp4/openshift4:x-b");
	add(&mapping, "127.0.0.1:5001/ocp/release:b", "127.0.0.1:5002/ocp4/a-rel:x");
	add(&mapping, "127.0.0.1:5001/ocp/art-dev:c", "127.0.0.1:5002/ocp4/openshift4:x-c");
	mapping_sort_by_target(&mapping);
	EXPECT_OK(reference_parse(&first, "127.0.0.1:5002/ocp4/openshift4", &err), &err);
	mirror_instructions_policy(&mapping, &first, &policy);
	EXPECT(policy.count == 3);
	if (policy.count != 3)
		return;
	EXPECT_STRING(policy.entries[0].source, "127.0.0.1:5001/ocp/art-dev");
	EXPECT_STRING(policy.entries[1].source, "127.0.0.1:5001/ocp/release");
	EXPECT_STRING(policy.entries[2].source, "127.0.0.1:5001/ocp/zz-second");
	for (size_t i = 0; i < 3; i++) {
		EXPECT(policy.entries[i].mirrors.count == 2);
		EXPECT_STRING(policy.entries[i].mirrors.items[0], "127.0.0.1:5002/ocp4/openshift4");
		EXPECT_STRING(policy.entries[i].mirrors.items[1], "127.0.0.1:5002/ocp4/a-rel");
	}
}

TEST(one_repository_is_named_once)
{
	struct error err = ERROR_INIT;
	CLEANUP(mapping_release) struct mapping mapping = MAPPING_INIT;
	CLEANUP(policy_release) struct policy policy = POLICY_INIT;
	CLEANUP(reference_release) struct reference first = REFERENCE_INIT;

	add(&mapping, "reg:5001/ocp/release:b", "reg:5002/ocp4/openshift4:x");
	add(&mapping, "reg:5001/ocp/release:c", "reg:5002/ocp4/openshift4:x-c");
	EXPECT_OK(reference_parse(&first, "reg:5002/ocp4/openshift4:x", &err), &err);
	mirror_instructions_policy(&mapping, &first, &policy);
	EXPECT(policy.count == 1 && policy.entries[0].mirrors.count == 1);
}
