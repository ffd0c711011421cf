/* SPDX-License-Identifier: Apache-2.0 */
#include "cluster/manifests.h"

#include "cluster/catalog_source.h"

static int add_policy(const struct mapping *mapping, const struct manifests_options *options,
		      enum policy_kind kind, struct strbuf *out, struct error *err)
{
	CLEANUP(policy_release) struct policy policy = POLICY_INIT;
	enum policy_scope scope = kind == POLICY_ICSP ? options->icsp_scope : options->idms_scope;
	uint64_t max_size_bytes =
		kind == POLICY_ICSP ? options->max_icsp_size_bytes : options->max_idms_size_bytes;

	if (options->merge_directory &&
	    policy_merge_directory(&policy, kind, options->merge_directory, err) < 0)
		return -1;
	if (policy_add_mapping(&policy, mapping, scope, options->further, options->n_further, err) < 0)
		return -1;
	return policy_text(kind, &policy, options->name, max_size_bytes, out, err);
}

int manifests_build(const struct mapping *mapping, const struct manifests_options *options,
		    struct cluster_files *files, struct error *err)
{
	static const char *const policy_names[] = {
		[POLICY_ICSP] = "imageContentSourcePolicy.yaml",
		[POLICY_IDMS] = "imageDigestMirrorSet.yaml",
	};
	static const struct strvec none = STRVEC_INIT;
	const struct mapping_entry *index = mapping_index(mapping);

	mapping_text(mapping, cluster_files_add(files, "mapping.txt"));
	if (index)
		catalog_source_text(&index->source, &index->target,
				    cluster_files_add(files, "catalogSource.yaml"));
	for (enum policy_kind kind = POLICY_ICSP; kind <= POLICY_IDMS; kind++) {
		struct strbuf *out = cluster_files_add(files, policy_names[kind]);
		if (add_policy(mapping, options, kind, out, err) < 0)
			return error_wrap(err, "%s", policy_names[kind]);
	}
	cluster_files_add_lines(files, "missing.txt", options->missing ? options->missing : &none);
	return 0;
}
