/* SPDX-License-Identifier: Apache-2.0 */
#include "naming.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cluster/naming.h"
#include "oci/location.h"

void naming_options_init(struct naming_options *naming, struct naming_texts *texts)
{
	*naming = (struct naming_options){.max_components = CLUSTER_DEFAULT_MAX_COMPONENTS,
					  .max_icsp_size = POLICY_DEFAULT_MAX_SIZE,
					  .max_idms_size = POLICY_DEFAULT_MAX_SIZE};
	*texts = (struct naming_texts){0};
}

void naming_options_release(struct naming_options *naming, struct naming_texts *texts)
{
	for (size_t i = 0; i < naming->n_mirrors; i++)
		reference_release(&naming->mirrors[i]);
	free(naming->mirrors);
	strvec_release(&texts->mirrors);
}

void naming_options_add(struct option_table *table, struct naming_options *naming, struct naming_texts *texts)
{
	const struct option_spec specs[] = {
		{"icsp-scope", OPTION_STRING, &texts->icsp_scope, "SCOPE",
		 "repository or registry: the sources in imageContentSourcePolicy.yaml"},
		{"idms-scope", OPTION_STRING, &texts->idms_scope, "SCOPE",
		 "repository or registry: the sources in imageDigestMirrorSet.yaml"},
		{"scope", OPTION_STRING, &texts->scope, "SCOPE",
		 "both of them: repository, namespace, registry or auto (the widest that is right for every "
		 "image)"},
		{"max-icsp-size", OPTION_SIZE, &naming->max_icsp_size, "BYTES",
		 "size limit of one ImageContentSourcePolicy (250000)"},
		{"max-idms-size", OPTION_SIZE, &naming->max_idms_size, "BYTES",
		 "size limit of one ImageDigestMirrorSet (250000)"},
		{"max-components", OPTION_NUMBER, &naming->max_components, "N",
		 "of catalogs: path components of a repository at the target (2); 0: no limit"},
		{"to-manifests", OPTION_STRING, &naming->to_manifests, "DIR",
		 "directory for the cluster's files; default: a new one in the current directory"},
		{"manifests-only", OPTION_FLAG, &naming->manifests_only, NULL,
		 "write the cluster's files, copy no image"},
		{"mirror", OPTION_LIST, &texts->mirrors, "HOST/PATH",
		 "a further mirror to name in the policies; may be repeated"},
		{"merge", OPTION_STRING, &naming->merge_directory, "DIR",
		 "merge with the policies in this directory"},
	};

	options_add(table, specs, ARRAY_LENGTH(specs));
}

static int parse_scope(enum policy_scope *scope, const char *flag, const char *text, struct error *err)
{
	if (!text)
		return 0;
	if (strcmp(text, "repository") != 0 && strcmp(text, "registry") != 0) {
		CLEANUP(free_string) char *shown = text_escaped(text);
		return error_set(err, ERROR_INVALID,
				 "invalid %s %s (repository or registry; --scope knows more)", flag, shown);
	}
	return policy_scope_parse(scope, text, err);
}

int naming_options_finish(struct naming_options *naming, const struct naming_texts *texts, struct error *err)
{
	if (texts->scope) {
		if (policy_scope_parse(&naming->icsp_scope, texts->scope, err) < 0)
			return error_wrap(err, "--scope");
		naming->idms_scope = naming->icsp_scope;
	}
	if (parse_scope(&naming->icsp_scope, "icsp-scope", texts->icsp_scope, err) < 0 ||
	    parse_scope(&naming->idms_scope, "idms-scope", texts->idms_scope, err) < 0)
		return -1;
	naming->mirrors = xcalloc(texts->mirrors.count, sizeof(*naming->mirrors));
	for (; naming->n_mirrors < texts->mirrors.count; naming->n_mirrors++) {
		CLEANUP(location_release) struct location location = LOCATION_INIT;

		if (location_parse_target(&location, texts->mirrors.items[naming->n_mirrors], err) < 0)
			return error_wrap(err, "--mirror");
		if (location.type != LOCATION_REGISTRY)
			return error_set(err, ERROR_USAGE, "--mirror %s: is not a registry", location.text);
		reference_copy(&naming->mirrors[naming->n_mirrors], &location.reference);
	}
	return 0;
}
