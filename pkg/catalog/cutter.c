/* SPDX-License-Identifier: Apache-2.0 */
#include "catalog/cutter.h"

#include <string.h>

/* Files up to this size are one piece; larger ones are cut at the next boundary behind it. */
#define PIECE_SIZE ((size_t)1 << 20)
#define READ_SIZE ((size_t)64 << 10)

struct cutter {
	struct catalog_files *files;
	struct catalog_file *file;
	struct strbuf text;       /* what has not been handed on */
	struct splitter splitter; /* over `text` */
	uint64_t line;            /* of the first byte of `text` */
	uint64_t bytes_left;      /* to come, as the size of the file says */
	piece_function *emit;
	void *context;
};

static void cutter_release(struct cutter *cutter)
{
	strbuf_release(&cutter->text);
}

static uint64_t count_lines(const char *text, size_t length)
{
	uint64_t lines = 0;

	for (size_t i = 0; i < length; i++)
		lines += text[i] == '\n';
	return lines;
}

/* Room for the rest of a small file at once, and for a piece of a large one. */
static void make_room(struct cutter *cutter)
{
	size_t extra = PIECE_SIZE + READ_SIZE;

	if (cutter->bytes_left < extra)
		extra = (size_t)cutter->bytes_left;
	strbuf_grow(&cutter->text, extra + 1);
}

/* Hands on the first `length` bytes. */
static void cut(struct cutter *cutter, size_t length)
{
	struct piece *piece = xcalloc(1, sizeof(*piece));
	size_t rest = cutter->text.len - length;

	*piece = (struct piece){
		.file = cutter->file,
		.text = cutter->text,
		.first_line = cutter->line,
		.format = cutter->splitter.format,
	};
	cutter->text = (struct strbuf)STRBUF_INIT;
	if (rest || cutter->bytes_left)
		make_room(cutter);
	strbuf_add(&cutter->text, piece->text.buf + length, rest);
	strbuf_set_length(&piece->text, length);
	cutter->line += count_lines(piece->text.buf, length);
	splitter_cut(&cutter->splitter);
	cutter->emit(piece, cutter->context);
}

static void content_error(struct cutter *cutter, struct error *err)
{
	catalog_files_add_error(cutter->files, cutter->file, cutter->line, err);
}

/* After more text has come: false if the file cannot be read on. */
static bool look_at_text(struct cutter *cutter)
{
	struct strbuf *text = &cutter->text;

	if (cutter->splitter.format == PIECE_UNKNOWN)
		cutter->splitter.format = piece_format_of(text->buf, text->len);
	if (text->len < PIECE_SIZE || cutter->splitter.format == PIECE_UNKNOWN)
		return true;
	splitter_scan(&cutter->splitter, text->buf, text->len);
	if (cutter->splitter.boundary)
		cut(cutter, cutter->splitter.boundary);
	if (text->len <= CATALOG_MAX_DOCUMENT)
		return true;
	struct error err = ERROR_INIT;
	error_set(&err, ERROR_INVALID, "line %llu: a document of more than 64 MiB begins here",
		  (unsigned long long)cutter->line);
	content_error(cutter, &err);
	return false;
}

static int read_text(struct cutter *cutter, struct layer_file *from, struct error *err)
{
	struct strbuf *text = &cutter->text;

	make_room(cutter);
	for (;;) {
		strbuf_grow(text, 1);
		size_t room = text->allocated - text->len - 1;
		ssize_t result = layer_file_read(from, text->buf + text->len,
						 room < READ_SIZE ? room : READ_SIZE, err);
		if (result < 0)
			return -1;
		if (!result)
			break;
		strbuf_set_length(text, text->len + (size_t)result);
		cutter->bytes_left -=
			(uint64_t)result < cutter->bytes_left ? (uint64_t)result : cutter->bytes_left;
		if (!look_at_text(cutter))
			return 0;
	}
	if (text->len && cutter->splitter.format != PIECE_UNKNOWN)
		cut(cutter, text->len);
	return 0;
}

int cutter_read(struct layer_file *from, struct catalog_files *files, struct catalog_file *file,
		piece_function *emit, void *context, struct error *err)
{
	CLEANUP(cutter_release) struct cutter cutter = {
		.files = files,
		.file = file,
		.text = STRBUF_INIT,
		.line = 1,
		.bytes_left = layer_file_size(from),
		.emit = emit,
		.context = context,
	};

	if (cutter.bytes_left > CATALOG_MAX_FILE) {
		struct error too_large = ERROR_INIT;
		error_set(&too_large, ERROR_INVALID, "is larger than 1 GiB, the limit of a catalog file");
		content_error(&cutter, &too_large);
		return 0;
	}
	return read_text(&cutter, from, err);
}
