/* SPDX-License-Identifier: Apache-2.0 */
#include "trust.h"

void trust_options_add_stores(struct option_table *table, struct trust_options *trust)
{
	const struct option_spec spec = {
		"signature-store", OPTION_LIST, &trust->stores, "URL",
		"where signatures are looked for instead of mirror.openshift.com and storage.googleapis.com: "
		"http(s):// or file://; may be repeated"};

	options_add(table, &spec, 1);
}

void trust_options_add_keys(struct option_table *table, struct trust_options *trust)
{
	const struct option_spec spec = {"release-key", OPTION_LIST, &trust->key_files, "FILE",
					 "trust the OpenPGP keys in this file, and no others; may be "
					 "repeated; default: Red Hat's release "
					 "key 2"};

	options_add(table, &spec, 1);
}

void trust_options_add_allow_unsigned(struct option_table *table, struct trust_options *trust)
{
	const struct option_spec spec = {
		"allow-unsigned", OPTION_FLAG, &trust->allows_unsigned, NULL,
		"go on with a release that no trusted key has signed; a cluster will refuse it"};

	options_add(table, &spec, 1);
}
