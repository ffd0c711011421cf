/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/secret.h"

#include <openssl/crypto.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

void secret_free(char *text)
{
	if (text)
		OPENSSL_cleanse(text, strlen(text));
	free(text);
}

void secret_freep(char **text)
{
	secret_free(*text);
	*text = NULL;
}

void secret_release(struct strbuf *string)
{
	if (string->allocated)
		OPENSSL_cleanse(string->buf, string->allocated);
	strbuf_release(string);
}

int secret_parse_json(struct document **document, const char *name, const struct strbuf *text,
		      struct error *err)
{
	CLEANUP(error_clear) struct error quoting = ERROR_INIT;

	if (document_parse_json(document, name, text->buf, text->len, &quoting) == 0)
		return 0;
	/* The parser's reason quotes what stands near; its line number is all that may be passed on. */
	CLEANUP(free_string) char *shown = text_escaped(name);
	size_t name_length = text_starts_with(quoting.message, shown) ? strlen(shown) : 0;
	const char *line = strstr(quoting.message + name_length, "line ");
	size_t length = line ? strlen("line ") + strspn(line + strlen("line "), "0123456789") : 0;
	return error_set(err, ERROR_INVALID, "%s: %.*s%sis not valid JSON", shown, (int)length,
			 length ? line : "", length ? ": " : "");
}

char *secret_take(const struct node *node)
{
	CLEANUP(error_clear) struct error err = ERROR_INIT;
	const char *text;

	if (node_optional_string(node, &text, &err) < 0 || !text || !*text)
		return NULL;
	char *copy = xstrdup(text);
	/* The string is on the heap and belongs to a document that its reader is about to free. */
	OPENSSL_cleanse((char *)(uintptr_t)text, strlen(text));
	return copy;
}
