/* SPDX-License-Identifier: Apache-2.0 */
#include "catalog/file_based.h"

#include "base/cancel.h"
#include "base/parallel.h"
#include "base/text.h"
#include "catalog/cutter.h"
#include "catalog/files.h"
#include "catalog/images.h"
#include "catalog/queue.h"
#include "layer/path.h"

/* More parsers than this would wait for the one that unpacks. */
#define MAX_WORKERS 16

struct reading {
	const struct catalog_source *source; /* borrowed */
	const char *location;                /* borrowed */
	struct catalog_files files;
	struct piece_queue queue;
	bool is_done; /* written by the reading worker only, as is err */
	struct error err;
};

static void reading_release(struct reading *reading)
{
	piece_queue_release(&reading->queue);
	catalog_files_release(&reading->files);
	error_clear(&reading->err);
}

static void parse_piece(struct reading *reading, struct piece *piece)
{
	CLEANUP(strvec_release) struct strvec images = STRVEC_INIT;
	struct error err = ERROR_INIT;
	int result;

	if (piece->format == PIECE_JSON)
		result = images_from_json(piece->text.buf, piece->text.len, piece->first_line, &images, &err);
	else
		result = images_from_yaml(piece->text.buf, piece->text.len, piece->first_line, &images, &err);
	strvec_sort_unique(&images);
	if (result < 0)
		catalog_files_add_error(&reading->files, piece->file, piece->first_line, &err);
	else
		catalog_files_add_images(&reading->files, piece->file, &images);
}

/* Parses what waits; with `wait`, until the queue is closed. */
static void parse_pieces(struct reading *reading, bool wait)
{
	for (;;) {
		CLEANUP(piece_freep) struct piece *piece = piece_queue_take(&reading->queue, wait);
		if (!piece || cancel_requested())
			return;
		parse_piece(reading, piece);
	}
}

static void emit_piece(struct piece *piece, void *context)
{
	struct reading *reading = context;

	while (piece_queue_is_full(&reading->queue)) {
		CLEANUP(piece_freep) struct piece *first = piece_queue_take(&reading->queue, false);
		if (first)
			parse_piece(reading, first);
	}
	piece_queue_push(&reading->queue, piece);
}

static int read_rules(struct layer_file *from, struct catalog_file *file, struct error *err)
{
	char buffer[4096];
	ssize_t result;

	while ((result = layer_file_read(from, buffer, sizeof(buffer), err)) > 0) {
		if (file->rules.len + (size_t)result > IGNORE_FILE_MAX) {
			CLEANUP(free_string) char *shown = text_escaped(file->path);
			return error_set(err, ERROR_INVALID, "%s: is larger than 1 MiB", shown);
		}
		strbuf_add(&file->rules, buffer, (size_t)result);
	}
	return (int)result;
}

static int visit_file(struct layer_file *from, void *context, struct error *err)
{
	struct reading *reading = context;
	struct catalog_file *file = catalog_files_add(&reading->files, layer_file_path(from));

	if (catalog_file_is_rules(file))
		return read_rules(from, file, err);
	return cutter_read(from, &reading->files, file, emit_piece, reading, err);
}

static int visit_link(const char *path, const char *target, void *context, struct error *err)
{
	struct reading *reading = context;
	struct catalog_file *file = catalog_files_add(&reading->files, path);

	(void)err;
	file->target = xstrdup(target);
	if (catalog_file_is_rules(file)) {
		struct error is_link = ERROR_INIT;
		error_set(&is_link, ERROR_INVALID, "is a link, which is not followed for ignore files");
		catalog_files_add_error(&reading->files, file, 1, &is_link);
	}
	return 0;
}

static void read_layers(struct reading *reading)
{
	const struct layer_visitor visitor = {
		.location = reading->location,
		.file = visit_file,
		.link = visit_link,
		.context = reading,
	};
	int result = reading->source->visit(&visitor, reading->source->context, &reading->err);

	reading->is_done = result >= 0;
	piece_queue_close(&reading->queue, result < 0);
}

/* Item 0 reads; it is always the first to be handed out. All items parse. */
static void work(size_t index, unsigned worker, void *context)
{
	struct reading *reading = context;

	(void)worker;
	if (index == 0)
		read_layers(reading);
	parse_pieces(reading, true);
}

static int read_all(struct reading *reading, struct error *err)
{
	unsigned workers = parallel_cores();

	if (workers > MAX_WORKERS)
		workers = MAX_WORKERS;
	parallel_for(workers, workers, work, reading);
	if (reading->err.code != ERROR_NONE)
		return error_move(err, &reading->err);
	if (cancel_requested() || !reading->is_done)
		return cancel_error(err);
	return 0;
}

int file_based_read(const struct catalog_source *source, const char *location, struct catalog *catalog,
		    struct error *err)
{
	CLEANUP(free_string) char *clean = NULL;

	if (layer_path_clean(&clean, location, err) < 0)
		return -1;
	CLEANUP(reading_release) struct reading reading = {.source = source, .location = clean};
	catalog_files_init(&reading.files);
	piece_queue_init(&reading.queue);
	if (read_all(&reading, err) < 0)
		return -1;
	return catalog_files_collect(&reading.files, clean, catalog, err);
}
