/* SPDX-License-Identifier: Apache-2.0 */
/* The YAML of policies, and how it is divided into objects that a cluster can store. */
#include "cluster/policy.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "cluster/catalog_source.h"
#include "document/writer.h"

struct kind_words {
	const char *api_version, *kind, *list;
	const char *short_name, *option; /* in oc's message */
	const char *separator;           /* there, behind the mirrors: an empty field of the Go struct */
	const char *unwritten;           /* counted, but not in the file */
};

static const struct kind_words words_of[] = {
	[POLICY_ICSP] =
		{
			.api_version = "operator.openshift.io/v1alpha1",
			.kind = "ImageContentSourcePolicy",
			.list = "repositoryDigestMirrors",
			.short_name = "ICSP",
			.option = "max-icsp-size",
			.separator = "",
			.unwritten = "",
		},
	[POLICY_IDMS] =
		{
			.api_version = "config.openshift.io/v1",
			.kind = "ImageDigestMirrorSet",
			.list = "imageDigestMirrors",
			.short_name = "IDMS",
			.option = "max-idms-size",
			.separator = " ",
			.unwritten = "status: {}\n",
		},
};

static void add_head(enum policy_kind kind, const char *name, bool is_release, struct strbuf *out)
{
	strbuf_addf(out, "apiVersion: %s\nkind: %s\nmetadata:\n", words_of[kind].api_version,
		    words_of[kind].kind);
	if (!is_release)
		strbuf_add_string(out, "  labels:\n"
				       "    operators.openshift.org/catalog: \"true\"\n");
	strbuf_add_string(out, "  name: ");
	yaml_scalar(out, name);
	strbuf_addf(out, "\nspec:\n  %s:", words_of[kind].list);
}

/* ImageContentSourcePolicy has no mirrorSourcePolicy; the reader never sets one for it. */
static void add_entry(const struct policy_entry *entry, struct strbuf *out)
{
	const char *start = "  - ";

	if (entry->mirror_source_policy) {
		strbuf_addf(out, "%smirrorSourcePolicy: ", start);
		yaml_scalar(out, entry->mirror_source_policy);
		strbuf_add_char(out, '\n');
		start = "    ";
	}
	if (entry->mirrors.count) {
		strbuf_addf(out, "%smirrors:\n", start);
		start = "    ";
	}
	for (size_t i = 0; i < entry->mirrors.count; i++) {
		strbuf_add_string(out, "    - ");
		yaml_scalar(out, entry->mirrors.items[i]);
		strbuf_add_char(out, '\n');
	}
	strbuf_addf(out, "%ssource: ", start);
	yaml_scalar(out, entry->source);
	strbuf_add_char(out, '\n');
}

void policy_object_text(enum policy_kind kind, const char *name, const struct policy *policy, size_t first,
			size_t count, struct strbuf *out)
{
	add_head(kind, name, policy->is_release, out);
	strbuf_add_string(out, count ? "\n" : " []\n");
	for (size_t i = 0; i < count; i++)
		add_entry(&policy->entries[first + i], out);
}

/* Go prints the entry's struct: {source [mirror mirror]}. */
static int too_large(enum policy_kind kind, const struct policy_entry *entry, uint64_t max_size_bytes,
		     struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf shown = STRBUF_INIT;
	const struct kind_words *words = &words_of[kind];

	strbuf_addf(&shown, "{%s [", entry->source);
	for (size_t i = 0; i < entry->mirrors.count; i++)
		strbuf_addf(&shown, "%s%s", i ? " " : "", entry->mirrors.items[i]);
	strbuf_addf(&shown, "]%s%s}", words->separator,
		    entry->mirror_source_policy ? entry->mirror_source_policy : "");
	CLEANUP(free_string) char *safe = text_escaped(shown.buf);
	return error_set(err, ERROR_INVALID, "unable to add mirror %s to %s with the %s set to %" PRIu64,
			 safe, words->short_name, words->option, max_size_bytes);
}

/* How many entries from `first` on fit into one object, at least one. */
static int count_fitting(enum policy_kind kind, const struct policy *policy, size_t first, const char *name,
			 uint64_t max_size_bytes, size_t *count, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;

	add_head(kind, name, policy->is_release, &text);
	strbuf_add_char(&text, '\n');
	*count = 0;
	while (first + *count < policy->count) {
		add_entry(&policy->entries[first + *count], &text);
		if (text.len + strlen(words_of[kind].unwritten) > max_size_bytes)
			break;
		++*count;
	}
	return *count ? 0 : too_large(kind, &policy->entries[first], max_size_bytes, err);
}

int policy_text(enum policy_kind kind, const struct policy *policy, const char *name, uint64_t max_size_bytes,
		struct strbuf *out, struct error *err)
{
	CLEANUP(free_string) char *object_name = cluster_object_name(name);
	size_t count = 0;
	size_t number = 0;

	for (size_t first = 0; first < policy->count; first += count) {
		CLEANUP(free_string) char *numbered = xasprintf("%s-%zu", object_name, number++);
		if (count_fitting(kind, policy, first, numbered, max_size_bytes, &count, err) < 0)
			return -1;
		strbuf_add_string(out, "---\n");
		policy_object_text(kind, numbered, policy, first, count, out);
	}
	return 0;
}
