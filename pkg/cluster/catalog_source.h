/* SPDX-License-Identifier: Apache-2.0 */
/* catalogSource.yaml: what makes a cluster show the operators of a mirrored index. */
#pragma once

#include "base/strbuf.h"
#include "oci/reference.h"

/*
 * As `oc adm catalog mirror` writes it: the object is called like the index, with '-' for '/' (which
 * oc leaves in, and no cluster takes); its image is by digest if the index was given by digest, else
 * by tag. `index` is the source, `target` its place in the mirror.
 */
void catalog_source_text(const struct reference *index, const struct reference *target, struct strbuf *out);

/* A name as Kubernetes takes it: '-' for '/'. The caller frees it. */
char *cluster_object_name(const char *name);
