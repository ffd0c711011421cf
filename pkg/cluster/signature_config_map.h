/* SPDX-License-Identifier: Apache-2.0 */
/* A release's signatures as the cluster takes them: a ConfigMap in openshift-config-managed (openshift/oc,
 * pkg/cli/admin/release/mirror.go; library-go pkg/verify/store/configmap). */
#pragma once

#include <stddef.h>

#include "base/strbuf.h"
#include "digest/digest.h"

/* "signature-sha256-<16 hexadecimal digits>.json"; the caller frees it. */
char *signature_config_map_file_name(const struct digest *digest);

/* One line of JSON, byte for byte as oc 4.21 writes it (earlier ones put "creationTimestamp":null into it);
 * `signatures`: the files, in the order in which they count. */
void signature_config_map_text(const struct digest *digest, const struct strbuf *const *signatures,
			       size_t n_signatures, struct strbuf *out);
