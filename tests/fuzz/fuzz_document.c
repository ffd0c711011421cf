/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first byte selects the format: j, y or t. What was read is walked; every string in it must come
 * back the same when it is written as a YAML scalar and read again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "document/document.h"
#include "document/writer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool condition)
{
	if (!condition)
		abort();
}

static void check_string(const char *text)
{
	CLEANUP(strbuf_release) struct strbuf yaml = STRBUF_INIT;
	strbuf_add_string(&yaml, "- ");
	yaml_scalar(&yaml, text);
	strbuf_add_char(&yaml, '\n');

	struct error err = ERROR_INIT;
	CLEANUP(document_freep) struct document *document = NULL;
	expect(document_parse_yaml(&document, "again", yaml.buf, yaml.len, &err) == 0);
	struct node root = document_root(document);
	struct node list = node_element(&root, 0);
	struct node element = node_element(&list, 0);
	const char *again = NULL;
	expect(node_string(&element, &again, &err) == 0);
	expect(strcmp(again, text) == 0);
}

static void walk(const struct node *node)
{
	struct error err = ERROR_INIT;
	const char *text = NULL;

	if (node_type(node) == NODE_STRING) {
		expect(node_string(node, &text, &err) == 0);
		check_string(text);
	}
	for (size_t i = 0; node_type(node) == NODE_ARRAY && i < node_count(node) && i < 100; i++) {
		struct node element = node_element(node, i);
		walk(&element);
	}
	const char *key = NULL;
	for (struct node member; node_next_member(node, &member, &key);)
		walk(&member);
	expect(node_error(node, &err, "seen") < 0);
	error_clear(&err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(error_clear) struct error err = ERROR_INIT;
	CLEANUP(document_freep) struct document *document = NULL;
	if (!size)
		return 0;

	int result = data[0] == 'j'   ? document_parse_json(&document, "x", data + 1, size - 1, &err)
		     : data[0] == 'y' ? document_parse_yaml(&document, "x", data + 1, size - 1, &err)
				      : document_parse_toml(&document, "x", data + 1, size - 1, &err);
	if (result < 0)
		return 0;
	struct node root = document_root(document);
	walk(&root);
	return 0;
}
