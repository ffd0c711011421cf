/* SPDX-License-Identifier: Apache-2.0 */
#include "operation/remembered.h"

#include <fcntl.h>
#include <string.h>

#include "base/file.h"

#define MAX_TEXT_SIZE ((size_t)256 << 20)
/* Behind the text: a line with its digest. */
#define TRAILER_LENGTH DIGEST_TEXT_SIZE

static char *text_path(const char *work_directory, const char *kind, const struct digest *manifest)
{
	char hex[DIGEST_HEX_LENGTH + 1];

	return xasprintf("%s/%s/%s", work_directory, kind, digest_format_hex(manifest, hex));
}

bool remembered_read(const char *work_directory, const char *kind, const struct digest *manifest,
		     struct strbuf *text)
{
	CLEANUP(error_clear) struct error ignored = ERROR_INIT;
	CLEANUP(strbuf_release) struct strbuf file = STRBUF_INIT;
	CLEANUP(free_string) char *path = text_path(work_directory, kind, manifest);
	char digest_text[DIGEST_TEXT_SIZE];
	struct digest digest;

	if (file_read(AT_FDCWD, path, MAX_TEXT_SIZE, &file, &ignored) < 0 || file.len < TRAILER_LENGTH)
		return false;
	size_t end = file.len - TRAILER_LENGTH;
	digest_of(file.buf, end, &digest);
	if (strncmp(file.buf + end, digest_format(&digest, digest_text), TRAILER_LENGTH - 1) != 0)
		return false;
	strbuf_add(text, file.buf, end);
	return true;
}

int remembered_write(const char *work_directory, const char *kind, const struct digest *manifest,
		     const struct strbuf *text, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf file = STRBUF_INIT;
	CLEANUP(free_string) char *path = text_path(work_directory, kind, manifest);
	CLEANUP(free_string) char *directory = xasprintf("%s/%s", work_directory, kind);
	char digest_text[DIGEST_TEXT_SIZE];
	struct digest digest;

	digest_of(text->buf, text->len, &digest);
	strbuf_add(&file, text->buf, text->len);
	strbuf_addf(&file, "%s\n", digest_format(&digest, digest_text));
	if (directory_create_all(directory, 0700, err) < 0)
		return -1;
	return file_replace(AT_FDCWD, path, file.buf, file.len, 0600, err);
}
