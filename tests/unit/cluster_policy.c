/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "cluster/policy.h"
#include "tests/tap.h"

#include <fcntl.h>

#define DIGEST "@sha256:d134a9865524c29fcf75bbc4469013bc38d8a15cb5f41acfddb6b9e492f556e4"

#define ICSP_HEAD \
	"apiVersion: operator.openshift.io/v1alpha1\n" \
	"kind: ImageContentSourcePolicy\n" \
	"metadata:\n" \
	"  labels:\n" \
	"    operators.openshift.org/catalog: \"true\"\n"
#define IDMS_HEAD \
	"apiVersion: config.openshift.io/v1\n" \
	"kind: ImageDigestMirrorSet\n" \
	"metadata:\n" \
	"  labels:\n" \
	"    operators.openshift.org/catalog: \"true\"\n"

/* A mapping of images (space-separated) to a mirror. */
static void build(struct mapping *mapping, const char *images, const char *mirror_text,
		  unsigned max_components)
{
	struct error err = ERROR_INIT;
	CLEANUP(strvec_release) struct strvec list = STRVEC_INIT;
	CLEANUP(strvec_release) struct strvec warnings = STRVEC_INIT;
	CLEANUP(reference_release) struct reference mirror = REFERENCE_INIT;

	while (*images) {
		size_t length = strcspn(images, " ");
		strvec_push_take(&list, xstrndup(images, length));
		images += length + (images[length] == ' ');
	}
	EXPECT_OK(reference_parse_with_host(&mirror, mirror_text, &err), &err);
	EXPECT_OK(mapping_build(mapping, &list, NULL, &mirror, max_components, &warnings, &err), &err);
	EXPECT(warnings.count == 0);
}

/* "source -> mirror mirror\n" for each entry. */
static char *policy_summary(const struct policy *policy)
{
	CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT;

	for (size_t i = 0; i < policy->count; i++) {
		strbuf_addf(&out, "%s ->", policy->entries[i].source);
		for (size_t j = 0; j < policy->entries[i].mirrors.count; j++)
			strbuf_addf(&out, " %s", policy->entries[i].mirrors.items[j]);
		strbuf_add_char(&out, '\n');
	}
	return strbuf_detach(&out);
}

static void expect_entries(const char *images, const char *mirror, unsigned max_components,
			   enum policy_scope scope, const char *want)
{
	struct error err = ERROR_INIT;
	CLEANUP(mapping_release) struct mapping mapping = MAPPING_INIT;
	CLEANUP(policy_release) struct policy policy = POLICY_INIT;

	build(&mapping, images, mirror, max_components);
	EXPECT_OK(policy_add_mapping(&policy, &mapping, scope, NULL, 0, &err), &err);
	CLEANUP(free_string) char *got = policy_summary(&policy);
	EXPECT_STRING(got, want);
}

TEST(images_by_tag_have_no_part_in_a_policy)
{
	expect_entries("quay.io/halkyonio/operator:v0.1.8", "quay.io", 2, POLICY_SCOPE_REPOSITORY, "");
	expect_entries("docker.io/strimzi/operator" DIGEST " quay.io/halkyonio/operator:v0.1.8",
		       "quay.io/olmtest", 2, POLICY_SCOPE_REPOSITORY,
		       "docker.io/strimzi/operator -> quay.io/olmtest/strimzi-operator\n");
}

TEST(repository_scope_names_repositories_as_oc_shows_them)
{
	expect_entries("busybox" DIGEST " quay.io/a/b" DIGEST " quay.io/a/b:v1" DIGEST, "reg.example.com", 2,
		       POLICY_SCOPE_REPOSITORY,
		       "docker.io/library/busybox -> reg.example.com/library/busybox\n"
		       "quay.io/a/b -> reg.example.com/a/b\n");
}

TEST(registry_scope_is_host_to_host)
{
	expect_entries("quay.io/a/b" DIGEST " quay.io/c/d" DIGEST " docker.io/e" DIGEST,
		       "reg.example.com:5000/ns", 2, POLICY_SCOPE_REGISTRY,
		       "docker.io -> reg.example.com:5000\n"
		       "quay.io -> reg.example.com:5000\n");
}

TEST(whether_registry_scope_is_right_is_known)
{
	static const struct {
		const char *images, *mirror;
		bool is_right;
	} cases[] = {
		{"quay.io/a/b" DIGEST, "reg.example.com", true},
		{"quay.io/a/b" DIGEST, "reg.example.com/ns", false},
		{"quay.io/a/b/c" DIGEST, "reg.example.com", false},
		{"quay.io/a/b" DIGEST " quay.io/a/b/c:v1", "reg.example.com", true},
		{"busybox" DIGEST, "reg.example.com", true},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		CLEANUP(mapping_release) struct mapping mapping = MAPPING_INIT;
		build(&mapping, cases[i].images, cases[i].mirror, 2);
		EXPECT(policy_registry_scope_is_right(&mapping) == cases[i].is_right);
	}
}

TEST(auto_scope_is_the_widest_that_is_right)
{
	/* Every path is kept: the host changes. */
	expect_entries("quay.io/a/b" DIGEST " quay.io/c/d" DIGEST, "reg.example.com", 2, POLICY_SCOPE_AUTO,
		       "quay.io -> reg.example.com\n");
	/* Below a path, with room for it. */
	expect_entries("quay.io/a/b" DIGEST " quay.io/c/d" DIGEST, "reg.example.com/ns", 0, POLICY_SCOPE_AUTO,
		       "quay.io -> reg.example.com/ns\n");
	/* One deep path is joined: its namespace falls back, the other does not. */
	expect_entries("quay.io/a/b" DIGEST " quay.io/a/b/c" DIGEST " quay.io/c/d" DIGEST
		       " docker.io/busybox" DIGEST,
		       "reg.example.com", 2, POLICY_SCOPE_AUTO,
		       "docker.io -> reg.example.com\n"
		       "quay.io/a/b -> reg.example.com/a/b\n"
		       "quay.io/a/b/c -> reg.example.com/a/b-c\n"
		       "quay.io/c -> reg.example.com/c\n");
	/* Joined everywhere. */
	expect_entries("quay.io/a/b" DIGEST " quay.io/c/d" DIGEST, "reg.example.com/ns", 2, POLICY_SCOPE_AUTO,
		       "quay.io/a/b -> reg.example.com/ns/a-b\n"
		       "quay.io/c/d -> reg.example.com/ns/c-d\n");
}

TEST(namespace_scope_is_taken_where_it_is_right)
{
	expect_entries("quay.io/a/b" DIGEST " quay.io/a/e" DIGEST " quay.io/c/d/e" DIGEST " quay.io/f" DIGEST,
		       "reg.example.com", 2, POLICY_SCOPE_NAMESPACE,
		       "quay.io/a -> reg.example.com/a\n"
		       "quay.io/c/d/e -> reg.example.com/c/d-e\n"
		       "quay.io/f -> reg.example.com/f\n");
	/* An image that is called like a namespace must agree with it. */
	expect_entries("quay.io/a/b" DIGEST " quay.io/a" DIGEST, "reg.example.com/ns/x", 4,
		       POLICY_SCOPE_NAMESPACE, "quay.io/a -> reg.example.com/ns/x/a\n");
	expect_entries("quay.io/a/b/c" DIGEST " quay.io/a" DIGEST, "reg.example.com/ns", 3,
		       POLICY_SCOPE_NAMESPACE,
		       "quay.io/a -> reg.example.com/ns/a\n"
		       "quay.io/a/b/c -> reg.example.com/ns/a/b-c\n");
}

TEST(further_mirrors_are_named_by_the_same_rule)
{
	struct error err = ERROR_INIT;
	CLEANUP(mapping_release) struct mapping mapping = MAPPING_INIT;
	struct reference further[2] = {REFERENCE_INIT, REFERENCE_INIT};

	build(&mapping, "quay.io/a/b" DIGEST, "reg.example.com", 2);
	EXPECT_OK(reference_parse_with_host(&further[0], "second:5000/ns", &err), &err);
	EXPECT_OK(reference_parse_with_host(&further[1], "third.example.com", &err), &err);

	static const struct {
		enum policy_scope scope;
		const char *want;
	} cases[] = {
		{POLICY_SCOPE_REPOSITORY,
		 "quay.io/a/b -> reg.example.com/a/b second:5000/ns/a-b third.example.com/a/b\n"},
		{POLICY_SCOPE_AUTO,
		 "quay.io/a/b -> reg.example.com/a/b second:5000/ns/a-b third.example.com/a/b\n"},
		{POLICY_SCOPE_REGISTRY, "quay.io -> reg.example.com second:5000 third.example.com\n"},
	};
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		CLEANUP(policy_release) struct policy policy = POLICY_INIT;
		EXPECT_OK(policy_add_mapping(&policy, &mapping, cases[i].scope, further, 2, &err), &err);
		CLEANUP(free_string) char *got = policy_summary(&policy);
		EXPECT_STRING(got, cases[i].want);
	}
	CLEANUP(policy_release) struct policy policy = POLICY_INIT;
	EXPECT_OK(policy_add_mapping(&policy, &mapping, POLICY_SCOPE_AUTO, &further[1], 1, &err), &err);
	CLEANUP(free_string) char *got = policy_summary(&policy);
	EXPECT_STRING(got, "quay.io -> reg.example.com third.example.com\n");
	reference_release(&further[0]);
	reference_release(&further[1]);
}

static void expect_object(enum policy_kind kind, bool has_entry, const char *want)
{
	CLEANUP(policy_release) struct policy policy = POLICY_INIT;
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;

	if (has_entry)
		policy_add(&policy, "docker.io/strimzi/operator", "quay.io/olmtest/strimzi-operator");
	policy_object_text(kind, "catalog", &policy, 0, policy.count, &text);
	EXPECT_STRING(text.buf, want);
}

TEST(objects_are_written_as_oc_writes_them)
{
	expect_object(POLICY_ICSP, false,
		      ICSP_HEAD "  name: catalog\nspec:\n  repositoryDigestMirrors: []\n");
	expect_object(POLICY_IDMS, false, IDMS_HEAD "  name: catalog\nspec:\n  imageDigestMirrors: []\n");
	expect_object(POLICY_ICSP, true,
		      ICSP_HEAD "  name: catalog\n"
				"spec:\n"
				"  repositoryDigestMirrors:\n"
				"  - mirrors:\n"
				"    - quay.io/olmtest/strimzi-operator\n"
				"    source: docker.io/strimzi/operator\n");
	expect_object(POLICY_IDMS, true,
		      IDMS_HEAD "  name: catalog\n"
				"spec:\n"
				"  imageDigestMirrors:\n"
				"  - mirrors:\n"
				"    - quay.io/olmtest/strimzi-operator\n"
				"    source: docker.io/strimzi/operator\n");
}

TEST(an_entry_that_is_too_large_is_refused_in_the_words_of_oc)
{
	struct error err = ERROR_INIT;
	CLEANUP(policy_release) struct policy policy = POLICY_INIT;
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;

	policy_add(&policy, "docker.io", "quay.io");
	EXPECT_ERROR(policy_text(POLICY_ICSP, &policy, "catalog", 0, &text, &err), &err, ERROR_INVALID,
		     "unable to add mirror {docker.io [quay.io]} to ICSP with the max-icsp-size set to 0");
	EXPECT_ERROR(policy_text(POLICY_IDMS, &policy, "catalog", 0, &text, &err), &err, ERROR_INVALID,
		     "unable to add mirror {docker.io [quay.io] } to IDMS with the max-idms-size set to 0");
}

TEST(a_policy_without_entries_is_an_empty_file)
{
	struct error err = ERROR_INIT;
	CLEANUP(policy_release) struct policy policy = POLICY_INIT;
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;

	EXPECT_OK(policy_text(POLICY_IDMS, &policy, "catalog", 250000, &text, &err), &err);
	EXPECT_STRING(text.buf, "");
}

/* The size of one object; 11 more are counted for ImageDigestMirrorSet. */
static void expect_exact_limit(enum policy_kind kind, size_t uncounted)
{
	struct error err = ERROR_INIT;
	CLEANUP(policy_release) struct policy policy = POLICY_INIT;
	CLEANUP(strbuf_release) struct strbuf object = STRBUF_INIT;
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;
	CLEANUP(strbuf_release) struct strbuf split = STRBUF_INIT;

	policy_add(&policy, "quay.io/a/b", "reg.example.com/a/b");
	policy_add(&policy, "quay.io/a/c", "reg.example.com/a/c");
	policy_object_text(kind, "a-b-0", &policy, 0, policy.count, &object);
	EXPECT_OK(policy_text(kind, &policy, "a/b", object.len + uncounted, &text, &err), &err);
	EXPECT(text.len == object.len + strlen("---\n"));
	EXPECT(text_ends_with(text.buf, object.buf));
	EXPECT_OK(policy_text(kind, &policy, "a/b", object.len + uncounted - 1, &split, &err), &err);
	EXPECT(strstr(split.buf, "  name: a-b-0\n") != NULL);
	EXPECT(strstr(split.buf, "  name: a-b-1\n") != NULL);
}

TEST(the_limit_counts_as_oc_counts)
{
	expect_exact_limit(POLICY_ICSP, 0);
	expect_exact_limit(POLICY_IDMS, strlen("status: {}\n"));
}

TEST(many_entries_are_divided_into_objects_below_the_limit)
{
	for (enum policy_kind kind = POLICY_ICSP; kind <= POLICY_IDMS; kind++) {
		struct error err = ERROR_INIT;
		CLEANUP(policy_release) struct policy policy = POLICY_INIT;
		CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;
		CLEANUP(document_freep) struct document *document = NULL;
		CLEANUP(policy_release) struct policy again = POLICY_INIT;
		size_t key_bytes = 0;

		for (size_t i = 0; key_bytes < 100000; i++) {
			CLEANUP(free_string) char *source = xasprintf("foo-%zu", i);
			CLEANUP(free_string) char *mirror = xasprintf("bar-%zu", i);
			policy_add(&policy, source, mirror);
			key_bytes += strlen(source) + strlen(mirror);
		}
		EXPECT_OK(policy_text(kind, &policy, "catalog", 1000, &text, &err), &err);
		for (const char *at = text.buf; *at;) {
			const char *next = strstr(at + 4, "---\n");
			EXPECT((next ? (size_t)(next - at) : strlen(at)) - 4 <= 1000);
			at = next ? next : at + strlen(at);
		}
		EXPECT_OK(document_parse_yaml(&document, "x", text.buf, text.len, &err), &err);
		EXPECT_OK(policy_merge_document(&again, kind, document, &err), &err);
		CLEANUP(free_string) char *got = policy_summary(&again);
		CLEANUP(free_string) char *want = policy_summary(&policy);
		EXPECT_STRING(got, want);
	}
}

static void merge(struct policy *policy, enum policy_kind kind, const char *text, int want)
{
	struct error err = ERROR_INIT;
	CLEANUP(document_freep) struct document *document = NULL;

	EXPECT_OK(document_parse_yaml(&document, "old.yaml", text, strlen(text), &err), &err);
	if (!document)
		return;
	int result = policy_merge_document(policy, kind, document, &err);
	EXPECT(result == want);
	error_clear(&err);
}

TEST(existing_mirrors_come_first_and_once)
{
	static const char old[] = "kind: ImageDigestMirrorSet\n"
				  "spec:\n"
				  "  imageDigestMirrors:\n"
				  "  - source: quay.io/z\n"
				  "    mirrors: [old.example.com/z]\n"
				  "    mirrorSourcePolicy: NeverContactSource\n"
				  "  - source: quay.io/a/b\n"
				  "    mirrors: [old.example.com/b, reg.example.com/a/b]\n"
				  "---\n"
				  "kind: ImageTagMirrorSet\n"
				  "spec: {imageTagMirrors: [{source: quay.io/t, mirrors: [x]}]}\n"
				  "---\n"
				  "kind: ImageContentSourcePolicy\n"
				  "spec: {repositoryDigestMirrors: [{source: quay.io/i, mirrors: [x]}]}\n"
				  "---\n"
				  "kind: List\n"
				  "items: [{kind: ImageDigestMirrorSet, spec: {imageDigestMirrors: [{source: "
				  "l, mirrors: [m]}]}}]\n";
	struct error err = ERROR_INIT;
	CLEANUP(mapping_release) struct mapping mapping = MAPPING_INIT;
	CLEANUP(policy_release) struct policy policy = POLICY_INIT;
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;

	build(&mapping, "quay.io/a/b" DIGEST " quay.io/a/c" DIGEST, "reg.example.com", 2);
	merge(&policy, POLICY_IDMS, old, 0);
	EXPECT_OK(policy_add_mapping(&policy, &mapping, POLICY_SCOPE_REPOSITORY, NULL, 0, &err), &err);
	CLEANUP(free_string) char *got = policy_summary(&policy);
	EXPECT_STRING(got, "l -> m\n"
			   "quay.io/a/b -> old.example.com/b reg.example.com/a/b\n"
			   "quay.io/a/c -> reg.example.com/a/c\n"
			   "quay.io/z -> old.example.com/z\n");
	EXPECT_OK(policy_text(POLICY_IDMS, &policy, "x", 250000, &text, &err), &err);
	EXPECT(strstr(text.buf, "  - mirrorSourcePolicy: NeverContactSource\n"
				"    mirrors:\n"
				"    - old.example.com/z\n"
				"    source: quay.io/z\n") != NULL);
}

TEST(merging_what_was_written_changes_nothing)
{
	for (enum policy_kind kind = POLICY_ICSP; kind <= POLICY_IDMS; kind++) {
		struct error err = ERROR_INIT;
		CLEANUP(mapping_release) struct mapping mapping = MAPPING_INIT;
		CLEANUP(policy_release) struct policy policy = POLICY_INIT;
		CLEANUP(policy_release) struct policy merged = POLICY_INIT;
		CLEANUP(strbuf_release) struct strbuf first = STRBUF_INIT;
		CLEANUP(strbuf_release) struct strbuf second = STRBUF_INIT;

		build(&mapping, "quay.io/a/b" DIGEST " quay.io/a/c" DIGEST, "reg.example.com/ns", 2);
		EXPECT_OK(policy_add_mapping(&policy, &mapping, POLICY_SCOPE_AUTO, NULL, 0, &err), &err);
		EXPECT_OK(policy_text(kind, &policy, "x", 250000, &first, &err), &err);
		merge(&merged, kind, first.buf, 0);
		EXPECT_OK(policy_add_mapping(&merged, &mapping, POLICY_SCOPE_AUTO, NULL, 0, &err), &err);
		EXPECT_OK(policy_text(kind, &merged, "x", 250000, &second, &err), &err);
		EXPECT_STRING(second.buf, first.buf);
	}
}

TEST(broken_policies_are_refused)
{
	static const char *const texts[] = {
		"{kind: ImageDigestMirrorSet, spec: {imageDigestMirrors: {}}}",
		"{kind: ImageDigestMirrorSet, spec: {imageDigestMirrors: [a]}}",
		"{kind: ImageDigestMirrorSet, spec: {imageDigestMirrors: [{mirrors: [a]}]}}",
		"{kind: ImageDigestMirrorSet, spec: {imageDigestMirrors: [{source: '', mirrors: [a]}]}}",
		"{kind: ImageDigestMirrorSet, spec: {imageDigestMirrors: [{source: a, mirrors: [1]}]}}",
		("{kind: ImageDigestMirrorSet, spec: {imageDigestMirrors: ["
		 "{source: a, mirrorSourcePolicy: A}, {source: a, mirrorSourcePolicy: B}]}}"),
	};

	for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
		CLEANUP(policy_release) struct policy policy = POLICY_INIT;
		merge(&policy, POLICY_IDMS, texts[i], -1);
	}
	CLEANUP(policy_release) struct policy policy = POLICY_INIT;
	merge(&policy, POLICY_IDMS, "{kind: ImageDigestMirrorSet}\n--- 5\n--- [a]\n", 0);
	EXPECT(policy.count == 0);
}

TEST(a_directory_is_merged_file_by_file)
{
	struct error err = ERROR_INIT;
	CLEANUP(policy_release) struct policy policy = POLICY_INIT;
	static const char *const files[][2] = {
		{"b.yml",
		 "{kind: ImageDigestMirrorSet, spec: {imageDigestMirrors: [{source: s, mirrors: [b]}]}}"},
		{"a.yaml",
		 "{kind: ImageDigestMirrorSet, spec: {imageDigestMirrors: [{source: s, mirrors: [a]}]}}"},
		{"c.json", "{\"kind\": \"ImageDigestMirrorSet\", \"spec\": {\"imageDigestMirrors\": "
			   "[{\"source\": \"s\", \"mirrors\": [\"c\"]}]}}"},
		{"mapping.txt", "a=b: c: d"},
		{".hidden.yaml", "{"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(files); i++) {
		CLEANUP(free_string) char *path = xasprintf("%s/%s", test_directory(), files[i][0]);
		EXPECT_OK(file_replace(AT_FDCWD, path, files[i][1], strlen(files[i][1]), 0644, &err), &err);
	}
	EXPECT_OK(policy_merge_directory(&policy, POLICY_IDMS, test_directory(), &err), &err);
	CLEANUP(free_string) char *got = policy_summary(&policy);
	EXPECT_STRING(got, "s -> a b c\n");

	CLEANUP(free_string) char *broken = xasprintf("%s/d.yaml", test_directory());
	EXPECT_OK(file_replace(AT_FDCWD, broken, "{", 1, 0644, &err), &err);
	EXPECT_ERROR(policy_merge_directory(&policy, POLICY_IDMS, test_directory(), &err), &err,
		     ERROR_INVALID, "d.yaml: line ");
	CLEANUP(free_string) char *nowhere = xasprintf("%s/nowhere", test_directory());
	EXPECT_ERROR(policy_merge_directory(&policy, POLICY_IDMS, nowhere, &err), &err, ERROR_IO, "/nowhere");
}

TEST(scopes_have_names)
{
	struct error err = ERROR_INIT;
	enum policy_scope scope = POLICY_SCOPE_AUTO;

	EXPECT_OK(policy_scope_parse(&scope, "repository", &err), &err);
	EXPECT(scope == POLICY_SCOPE_REPOSITORY);
	EXPECT_OK(policy_scope_parse(&scope, "auto", &err), &err);
	EXPECT(scope == POLICY_SCOPE_AUTO);
	EXPECT_ERROR(policy_scope_parse(&scope, "Registry", &err), &err, ERROR_USAGE,
		     "\"Registry\" is no scope");
}
