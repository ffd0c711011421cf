/* SPDX-License-Identifier: Apache-2.0 */
#include "cluster/catalog_source.h"

#include "document/writer.h"

char *cluster_object_name(const char *name)
{
	char *result = xstrdup(name);

	for (char *at = result; *at; at++) {
		if (*at == '/')
			*at = '-';
	}
	return result;
}

void catalog_source_text(const struct reference *index, const struct reference *target, struct strbuf *out)
{
	CLEANUP(free_string) char *name = cluster_object_name(index->name);
	CLEANUP(free_string) char *image = reference_exact(target);

	strbuf_add_string(out, "apiVersion: operators.coreos.com/v1alpha1\n"
			       "kind: CatalogSource\n"
			       "metadata:\n"
			       "  name: ");
	yaml_scalar(out, name);
	strbuf_add_string(out, "\n  namespace: openshift-marketplace\n"
			       "spec:\n"
			       "  image: ");
	yaml_scalar(out, image);
	strbuf_add_string(out, "\n  sourceType: grpc\n");
}
