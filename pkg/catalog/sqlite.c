/* SPDX-License-Identifier: Apache-2.0 */
#include "catalog/sqlite.h"

#include <sqlite3.h>
#include <string.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/file.h"
#include "base/text.h"
#include "catalog/images.h"
#include "catalog/sqlite_file.h"
#include "catalog/walk_order.h"
#include "layer/path.h"

/* The first bytes of every database (sqlite.org/fileformat.html, 1.3.1), with a NUL behind. */
#define SQLITE_MAGIC "SQLite format 3"
#define SQLITE_MAGIC_SIZE 16
#define COPY_SIZE ((size_t)256 << 10)
/* Values that are larger than this are not read (the bundles of a catalog are far smaller). */
#define MAX_VALUE_SIZE (64 << 20)
/* How often (in SQLite's instructions) somebody looks whether to stop. */
#define INSTRUCTIONS_A_LOOK 100000

struct database_copy {
	const char *work_directory; /* borrowed */
	char *path;                 /* in the image; NULL: none found yet */
	int fd;
};

static void database_copy_release(struct database_copy *copy)
{
	free_string(&copy->path);
	close_file(&copy->fd);
}

static ssize_t read_full(struct layer_file *from, char *buffer, size_t length, struct error *err)
{
	size_t done = 0;
	ssize_t result = 1;

	while (done < length && (result = layer_file_read(from, buffer + done, length - done, err)) > 0)
		done += (size_t)result;
	return result < 0 ? -1 : (ssize_t)done;
}

static int copy_bytes(struct layer_file *from, int fd, char *buffer, size_t length, const char *directory,
		      struct error *err)
{
	uint64_t total = 0;
	ssize_t result = (ssize_t)length;

	while (result > 0) {
		total += (uint64_t)result;
		if (total > CATALOG_MAX_FILE)
			return error_set(err, ERROR_INVALID,
					 "is larger than 1 GiB, the limit of a catalog file");
		if (file_write_all(fd, buffer, (size_t)result, directory, err) < 0)
			return -1;
		result = read_full(from, buffer, COPY_SIZE, err);
	}
	return (int)result;
}

static int copy_database(struct layer_file *from, struct database_copy *copy, struct error *err)
{
	CLEANUP(free_memory) char *buffer = xmalloc(COPY_SIZE);
	ssize_t length = read_full(from, buffer, COPY_SIZE, err);

	if (length < 0)
		return -1;
	if (length < SQLITE_MAGIC_SIZE || memcmp(buffer, SQLITE_MAGIC, SQLITE_MAGIC_SIZE) != 0)
		return 0;
	CLEANUP(close_file) int fd = file_open_unnamed(copy->work_directory, err);
	if (fd < 0 || copy_bytes(from, fd, buffer, (size_t)length, copy->work_directory, err) < 0)
		return -1;
	database_copy_release(copy);
	copy->path = xstrdup(layer_file_path(from));
	copy->fd = fd;
	fd = -1;
	return 0;
}

static int visit_file(struct layer_file *from, void *context, struct error *err)
{
	struct database_copy *copy = context;
	const char *path = layer_file_path(from);

	/* An equal path is a later entry of the same layer, which replaces the earlier. */
	if (copy->path && walk_order_compare(path, copy->path) > 0)
		return 0;
	if (copy_database(from, copy, err) == 0)
		return 0;
	CLEANUP(free_string) char *shown = text_escaped(path);
	return error_wrap(err, "%s", shown);
}

static int stop_if_cancelled(void *context)
{
	(void)context;
	return cancel_requested();
}

/* A database is data here: nothing that its schema says is run. */
static void restrain(sqlite3 *database)
{
	sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
	sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	sqlite3_limit(database, SQLITE_LIMIT_LENGTH, MAX_VALUE_SIZE);
	sqlite3_limit(database, SQLITE_LIMIT_ATTACHED, 0);
	sqlite3_progress_handler(database, INSTRUCTIONS_A_LOOK, stop_if_cancelled, NULL);
}

static int database_error(sqlite3 *database, struct error *err)
{
	if (cancel_requested())
		return cancel_error(err);
	CLEANUP(free_string) char *shown = text_escaped(sqlite3_errmsg(database));
	return error_set(err, ERROR_INVALID, "%s", shown);
}

static void finalize(sqlite3_stmt **statement)
{
	sqlite3_finalize(*statement);
}

/* Adds the values of the only column. */
static int read_column(sqlite3 *database, const char *query, struct strvec *images, struct error *err)
{
	CLEANUP(finalize) sqlite3_stmt *statement = NULL;
	uint64_t text_bytes = 0;
	int result;

	if (sqlite3_prepare_v2(database, query, -1, &statement, NULL) != SQLITE_OK)
		return database_error(database, err);
	while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
		const char *text = (const char *)sqlite3_column_text(statement, 0);
		if (!text)
			continue;
		size_t length = (size_t)sqlite3_column_bytes(statement, 0);
		const char *problem = images_add(images, text, length);
		text_bytes += length;
		if (!problem && text_bytes > CATALOG_MAX_TEXT)
			problem = "names of images of more than 256 MiB";
		if (problem)
			return error_set(err, ERROR_INVALID, "%s", problem);
	}
	return result == SQLITE_DONE ? 0 : database_error(database, err);
}

static int read_images(int fd, struct strvec *images, struct error *err)
{
	CLEANUP(sqlite_file_release) struct sqlite_file file;

	if (sqlite_file_open(&file, fd, err) < 0)
		return -1;
	restrain(file.database);
	if (read_column(file.database, "SELECT image FROM related_image", images, err) < 0)
		return -1;
	return read_column(file.database, "SELECT bundlepath FROM operatorbundle", images, err);
}

int sqlite_read(const struct catalog_source *source, const char *location, const char *work_directory,
		struct catalog *catalog, struct error *err)
{
	CLEANUP(free_string) char *clean = NULL;

	if (layer_path_clean(&clean, location, err) < 0)
		return -1;
	CLEANUP(database_copy_release) struct database_copy copy = {
		.work_directory = work_directory,
		.fd = -1,
	};
	struct layer_visitor visitor = {.location = clean, .file = visit_file, .context = &copy};
	if (source->visit(&visitor, source->context, err) < 0)
		return -1;
	CLEANUP(free_string) char *shown = text_escaped(copy.path ? copy.path : clean);
	if (!copy.path)
		return error_set(err, ERROR_INVALID, "/%s: no sqlite 3 database is there in the index image",
				 shown);
	catalog->n_files = 1;
	if (read_images(copy.fd, &catalog->images, err) < 0)
		return error_wrap(err, "%s", shown);
	return 0;
}
