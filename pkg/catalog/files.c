/* SPDX-License-Identifier: Apache-2.0 */
#include "catalog/files.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "catalog/ignore.h"
#include "catalog/walk_order.h"

/* Links to links are followed this often. */
#define MAX_LINKS 8

void catalog_files_init(struct catalog_files *files)
{
	*files = (struct catalog_files){.by_path = MAP_INIT};
	pthread_mutex_init(&files->mutex, NULL);
}

static void catalog_file_free(struct catalog_file *file)
{
	free(file->path);
	free(file->target);
	strbuf_release(&file->rules);
	strvec_release(&file->images);
	error_clear(&file->err);
	free(file);
}

void catalog_files_release(struct catalog_files *files)
{
	for (size_t i = 0; i < files->count; i++)
		catalog_file_free(files->items[i]);
	free(files->items);
	map_release(&files->by_path);
	pthread_mutex_destroy(&files->mutex);
}

struct catalog_file *catalog_files_add(struct catalog_files *files, const char *path)
{
	struct catalog_file *file = xcalloc(1, sizeof(*file));
	struct catalog_file *before = map_get(&files->by_path, path);

	*file = (struct catalog_file){.path = xstrdup(path), .rules = STRBUF_INIT};
	if (before)
		before->is_replaced = true;
	map_set(&files->by_path, path, file);
	array_grow(files->items, files->count, files->allocated);
	files->items[files->count++] = file;
	return file;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

bool catalog_file_is_rules(const struct catalog_file *file)
{
	return !strcmp(base_name(file->path), IGNORE_FILE_NAME);
}

void catalog_files_add_images(struct catalog_files *files, struct catalog_file *file, struct strvec *images)
{
	pthread_mutex_lock(&files->mutex);
	for (size_t i = 0; i < images->count; i++) {
		/* Behind the limit only the count goes on, for the message. */
		files->text_bytes += strlen(images->items[i]);
		if (files->text_bytes <= CATALOG_MAX_TEXT)
			strvec_push_take(&file->images, steal(&images->items[i]));
	}
	pthread_mutex_unlock(&files->mutex);
}

void catalog_files_add_error(struct catalog_files *files, struct catalog_file *file, uint64_t line,
			     struct error *err)
{
	pthread_mutex_lock(&files->mutex);
	if (file->err.code != ERROR_NONE && file->err_line <= line) {
		error_clear(err);
	} else {
		error_clear(&file->err);
		error_move(&file->err, err);
		file->err_line = line;
	}
	pthread_mutex_unlock(&files->mutex);
}

static int compare_files(const void *a, const void *b)
{
	const struct catalog_file *const *left = a, *const *right = b;

	return walk_order_compare((*left)->path, (*right)->path);
}

/* The path below the location, as ignore files see it. */
static const char *relative_path(const struct catalog_file *file, const char *location)
{
	const char *path = file->path + strlen(location);

	if (!*path)
		return base_name(file->path);
	return path + (*path == '/');
}

static void add_rules(struct ignore_rules *rules, const struct catalog_file *file, const char *location)
{
	const char *path = relative_path(file, location);
	const char *name = base_name(path);
	CLEANUP(free_string) char *directory = xstrndup(path, name > path ? (size_t)(name - path - 1) : 0);

	ignore_rules_add(rules, directory, file->rules.buf, file->rules.len);
}

/* The file itself, or what a link leads to; NULL with an error. */
static const struct catalog_file *resolve(const struct catalog_files *files, const struct catalog_file *file,
					  struct error *err)
{
	const struct catalog_file *end = file;

	for (int i = 0; end && end->target && i < MAX_LINKS; i++)
		end = map_get(&files->by_path, end->target);
	if (end && !end->target)
		return end;
	CLEANUP(free_string) char *shown = text_escaped(file->target);
	error_set(err, ERROR_INVALID, "is a link to /%s, which is not a file of the catalog", shown);
	return NULL;
}

static int collect_file(const struct catalog_files *files, struct catalog_file *file, struct catalog *catalog,
			struct error *err)
{
	const struct catalog_file *end = resolve(files, file, err);

	if (!end)
		return -1;
	if (file->err.code != ERROR_NONE)
		return error_move(err, &file->err);
	/* An error behind a link is known by the name of its file, unless that is ignored. */
	if (end->err.code != ERROR_NONE)
		return error_set(err, end->err.code, "%s", end->err.message);
	for (size_t i = 0; i < end->images.count; i++)
		strvec_push(&catalog->images, end->images.items[i]);
	catalog->n_files++;
	return 0;
}

static int collect_visible(struct catalog_files *files, const struct ignore_rules *rules,
			   const char *location, struct catalog *catalog, struct error *err)
{
	for (size_t i = 0; i < files->count; i++) {
		struct catalog_file *file = files->items[i];
		if (file->is_replaced || catalog_file_is_rules(file) ||
		    ignore_rules_match(rules, relative_path(file, location)))
			continue;
		CLEANUP(free_string) char *shown = text_escaped(file->path);
		if (collect_file(files, file, catalog, err) < 0)
			return error_wrap(err, "%s", shown);
	}
	return 0;
}

int catalog_files_collect(struct catalog_files *files, const char *location, struct catalog *catalog,
			  struct error *err)
{
	CLEANUP(ignore_rules_release) struct ignore_rules rules = IGNORE_RULES_INIT;

	if (files->text_bytes > CATALOG_MAX_TEXT)
		return error_set(err, ERROR_INVALID, "names of images of more than 256 MiB in one catalog");
	if (!files->count) {
		CLEANUP(free_string) char *shown = text_escaped(location);
		log_warning("/%s: nothing is there in the index image: the catalog is empty", shown);
		return 0;
	}
	qsort(files->items, files->count, sizeof(*files->items), compare_files);
	for (size_t i = 0; i < files->count; i++) {
		const struct catalog_file *file = files->items[i];
		if (file->is_replaced || !catalog_file_is_rules(file))
			continue;
		CLEANUP(free_string) char *shown = text_escaped(file->path);
		if (file->err.code != ERROR_NONE)
			return error_set(err, file->err.code, "%s: %s", shown, file->err.message);
		add_rules(&rules, file, location);
	}
	return collect_visible(files, &rules, location, catalog, err);
}
