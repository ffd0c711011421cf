/* SPDX-License-Identifier: Apache-2.0 */
#include "cluster/mirror_instructions.h"

#include "document/writer.h"

struct instruction_words {
	const char *install_key; /* of install-config.yaml */
	const char *api_version;
	const char *kind;
	const char *list;
};

static const struct instruction_words words_of[] = {
	[POLICY_ICSP] =
		{
			.install_key = "imageContentSources",
			.api_version = "operator.openshift.io/v1alpha1",
			.kind = "ImageContentSourcePolicy",
			.list = "repositoryDigestMirrors",
		},
	[POLICY_IDMS] =
		{
			.install_key = "imageDigestSources",
			.api_version = "config.openshift.io/v1",
			.kind = "ImageDigestMirrorSet",
			.list = "imageDigestMirrors",
		},
};

static void add_entries(const struct policy *policy, const char *margin, struct strbuf *out)
{
	for (size_t i = 0; i < policy->count; i++) {
		const struct policy_entry *entry = &policy->entries[i];
		strbuf_addf(out, "%s- mirrors:\n", margin);
		for (size_t j = 0; j < entry->mirrors.count; j++) {
			strbuf_addf(out, "%s  - ", margin);
			yaml_scalar(out, entry->mirrors.items[j]);
			strbuf_add_char(out, '\n');
		}
		strbuf_addf(out, "%s  source: ", margin);
		yaml_scalar(out, entry->source);
		strbuf_add_char(out, '\n');
	}
}

void mirror_instructions_text(enum policy_kind kind, const struct policy *policy, struct strbuf *out)
{
	const struct instruction_words *words = &words_of[kind];

	strbuf_addf(out,
		    "\nTo use the new mirrored repository to install, add the following section to the "
		    "install-config.yaml:\n\n%s:\n",
		    words->install_key);
	add_entries(policy, "", out);
	strbuf_addf(out,
		    "\n\nTo use the new mirrored repository for upgrades, use the following to create an "
		    "%s:\n\n",
		    words->kind);
	strbuf_addf(out, "apiVersion: %s\nkind: %s\nmetadata:\n  name: example\nspec:\n  %s:\n",
		    words->api_version, words->kind, words->list);
	add_entries(policy, "  ", out);
}

void mirror_instructions_policy(const struct mapping *mapping, const struct reference *first,
				struct policy *policy)
{
	CLEANUP(strvec_release) struct strvec mirrors = STRVEC_INIT;

	strvec_push_take(&mirrors, reference_display_repository(first));
	for (size_t i = 0; i < mapping->count; i++) {
		CLEANUP(free_string) char *mirror = reference_display_repository(&mapping->entries[i].target);
		if (!strvec_contains(&mirrors, mirror))
			strvec_push(&mirrors, mirror);
	}
	for (size_t i = 0; i < mapping->count; i++) {
		CLEANUP(free_string) char *source = reference_display_repository(&mapping->entries[i].source);
		for (size_t j = 0; j < mirrors.count; j++)
			policy_add(policy, source, mirrors.items[j]);
	}
}
