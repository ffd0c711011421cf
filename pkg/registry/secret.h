/* SPDX-License-Identifier: Apache-2.0 */
/* Passwords and tokens do not stay in freed memory. Private to this module. */
#pragma once

#include "base/error.h"
#include "base/strbuf.h"
#include "document/document.h"

/* Overwrites and frees; NULL is fine. */
void secret_free(char *text);
/* For CLEANUP, and for members: leaves NULL behind. */
void secret_freep(char **text);
/* strbuf_release that overwrites all of the storage first. */
void secret_release(struct strbuf *string);

/* document_parse_json for text with secrets in it: the error tells the line but quotes nothing. */
int secret_parse_json(struct document **document, const char *name, const struct strbuf *text,
		      struct error *err) MUST_CHECK;

/* Takes a string out of a document: a copy of it (the caller's), the original overwritten; NULL when it is
 * absent, empty or no string. A document would leave its strings in freed memory. */
char *secret_take(const struct node *node);
