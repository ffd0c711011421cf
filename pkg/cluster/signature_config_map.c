/* SPDX-License-Identifier: Apache-2.0 */
#include "cluster/signature_config_map.h"

#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "document/writer.h"

#define FILE_NAME_DIGITS 16

struct signature_entry {
	char *key;
	const struct strbuf *signature;
};

char *signature_config_map_file_name(const struct digest *digest)
{
	char hex[DIGEST_HEX_LENGTH + 1];

	return xasprintf("signature-sha256-%.*s.json", FILE_NAME_DIGITS, digest_format_hex(digest, hex));
}

static int compare_keys(const void *left, const void *right)
{
	const struct signature_entry *a = left;
	const struct signature_entry *b = right;

	return strcmp(a->key, b->key);
}

/* Keys count from 1, but are written in the order of their bytes: "-10" before "-2". */
static void write_signatures(struct json_writer *writer, const char *name,
			     const struct strbuf *const *signatures, size_t n_signatures)
{
	CLEANUP(free_memory) struct signature_entry *entries = xcalloc(n_signatures, sizeof(*entries));

	for (size_t i = 0; i < n_signatures; i++)
		entries[i] = (struct signature_entry){
			.key = xasprintf("%s-%zu", name, i + 1),
			.signature = signatures[i],
		};
	if (n_signatures)
		qsort(entries, n_signatures, sizeof(*entries), compare_keys);
	for (size_t i = 0; i < n_signatures; i++) {
		CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;
		base64_encode(&text, entries[i].signature->buf, entries[i].signature->len);
		json_write_string(writer, entries[i].key, text.buf);
		free(entries[i].key);
	}
}

void signature_config_map_text(const struct digest *digest, const struct strbuf *const *signatures,
			       size_t n_signatures, struct strbuf *out)
{
	struct json_writer writer = JSON_WRITER_INIT(out, 0);
	char hex[DIGEST_HEX_LENGTH + 1];
	CLEANUP(free_string) char *name = xasprintf("sha256-%s", digest_format_hex(digest, hex));

	json_open_object(&writer, NULL);
	json_write_string(&writer, "kind", "ConfigMap");
	json_write_string(&writer, "apiVersion", "v1");
	json_open_object(&writer, "metadata");
	json_write_string(&writer, "name", name);
	json_write_string(&writer, "namespace", "openshift-config-managed");
	json_open_object(&writer, "labels");
	json_write_string(&writer, "release.openshift.io/verification-signatures", "");
	json_close_object(&writer);
	json_close_object(&writer);
	json_open_object(&writer, "binaryData");
	write_signatures(&writer, name, signatures, n_signatures);
	json_close_object(&writer);
	json_close_object(&writer);
	strbuf_add_char(out, '\n');
}
