/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to this module: what is known of each file of a file-based catalog, and what follows from it
 * when all are read.
 *
 * Files are added by one thread; results may be added by any.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/map.h"
#include "base/strbuf.h"
#include "catalog/catalog.h"

#define IGNORE_FILE_NAME ".indexignore"
#define IGNORE_FILE_MAX ((size_t)1 << 20)

struct catalog_file {
	char *path;          /* in the image */
	char *target;        /* of a link: a clean path; else NULL */
	bool is_replaced;    /* by a later entry with the same path */
	struct strbuf rules; /* of an ignore file: its text */
	/* guarded by the mutex of struct catalog_files */
	struct strvec images;
	struct error err;  /* the first one of the file */
	uint64_t err_line; /* where the piece with the error began */
};

struct catalog_files {
	struct catalog_file **items;
	size_t count;
	size_t allocated;
	struct map by_path;    /* those that are not replaced; borrowed */
	pthread_mutex_t mutex; /* guards results */
	size_t text_bytes;     /* of all images; guarded */
};

void catalog_files_init(struct catalog_files *files);
void catalog_files_release(struct catalog_files *files);

/* A new file, which replaces one with the same path. The result belongs to `files`. */
struct catalog_file *catalog_files_add(struct catalog_files *files, const char *path);
/* Whether the file is named as an ignore file. */
bool catalog_file_is_rules(const struct catalog_file *file);
/* What a piece that begins at a line has given: images (moved out of the list), or an error (moved). */
void catalog_files_add_images(struct catalog_files *files, struct catalog_file *file, struct strvec *images);
void catalog_files_add_error(struct catalog_files *files, struct catalog_file *file, uint64_t line,
			     struct error *err);

/*
 * Leaves out what is ignored, resolves links between files, and adds all images to catalog->images; or
 * the error of the first file, in the order of a directory walk, that has one. `location` is clean.
 */
int catalog_files_collect(struct catalog_files *files, const char *location, struct catalog *catalog,
			  struct error *err) MUST_CHECK;
