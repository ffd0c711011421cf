/* SPDX-License-Identifier: Apache-2.0 */
#include "operation/image_list.h"

#include <fcntl.h>
#include <string.h>

#include "base/file.h"
#include "base/strbuf.h"

#define MAX_LIST_SIZE ((size_t)256 << 20)

static char *list_path(const char *work_directory, const struct digest *index)
{
	char hex[DIGEST_HEX_LENGTH + 1];

	return xasprintf("%s/catalogs/%s", work_directory, digest_format_hex(index, hex));
}

/* The file: one image a line, then a line with the digest of those lines. */
int image_list_write(const char *work_directory, const struct digest *index, const struct strvec *images,
		     struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;
	CLEANUP(free_string) char *path = list_path(work_directory, index);
	CLEANUP(free_string) char *directory = xasprintf("%s/catalogs", work_directory);
	char digest_text[DIGEST_TEXT_SIZE];
	struct digest digest;

	for (size_t i = 0; i < images->count; i++) {
		/* A text with a line end is no reference and would not be mirrored: such a list is not kept. */
		if (strchr(images->items[i], '\n'))
			return 0;
		strbuf_addf(&text, "%s\n", images->items[i]);
	}
	digest_of(text.buf, text.len, &digest);
	strbuf_addf(&text, "%s\n", digest_format(&digest, digest_text));
	if (directory_create_all(directory, 0700, err) < 0)
		return -1;
	return file_replace(AT_FDCWD, path, text.buf, text.len, 0600, err);
}

bool image_list_read(const char *work_directory, const struct digest *index, struct strvec *images)
{
	CLEANUP(error_clear) struct error ignored = ERROR_INIT;
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;
	CLEANUP(free_string) char *path = list_path(work_directory, index);
	const size_t trailer = DIGEST_TEXT_SIZE;
	char digest_text[DIGEST_TEXT_SIZE];
	struct digest digest;

	if (file_read(AT_FDCWD, path, MAX_LIST_SIZE, &text, &ignored) < 0 || text.len < trailer)
		return false;
	size_t end = text.len - trailer;
	digest_of(text.buf, end, &digest);
	digest_format(&digest, digest_text);
	if (strncmp(text.buf + end, digest_text, trailer - 1) != 0)
		return false;
	for (const char *line = text.buf; line < text.buf + end;) {
		const char *newline = memchr(line, '\n', (size_t)(text.buf + end - line));
		strvec_push_take(images, xstrndup(line, (size_t)(newline - line)));
		line = newline + 1;
	}
	return true;
}
