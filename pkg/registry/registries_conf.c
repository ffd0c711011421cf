/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/registries_conf.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/map.h"
#include "base/text.h"
#include "registry/registries_conf_file.h"

#define FILE_LIMIT_BYTES (16 * 1024 * 1024)
#define SYSTEM_FILE "/etc/containers/registries.conf"

void registries_conf_release(struct registries_conf *conf)
{
	for (size_t i = 0; i < conf->n_entries; i++)
		registry_entry_release(&conf->entries[i]);
	free(conf->entries);
	strvec_release(&conf->unqualified_search);
	free(conf->origin);
	*conf = (struct registries_conf)REGISTRIES_CONF_INIT;
}

static int read_file(struct registries_conf_file *file, const char *path, bool is_drop_in, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	CLEANUP(error_clear) struct error problem = ERROR_INIT;

	if (file_read(AT_FDCWD, path, FILE_LIMIT_BYTES, &bytes, &problem) < 0) {
		CLEANUP(free_string) char *shown = text_escaped(path);
		if (error_is(&problem, ERROR_NOT_FOUND))
			return error_set(err, ERROR_NOT_FOUND, "%s: no such file or directory", shown);
		return error_move(err, &problem);
	}
	return registries_conf_file_parse(file, path, bytes.buf, bytes.len, is_drop_in, err);
}

/* Puts a file over what is there: entries with the same prefix are replaced as a whole. */
static void merge(struct registries_conf *conf, struct registries_conf_file *file)
{
	CLEANUP(map_release) struct map places = MAP_INIT;
	size_t n_before = conf->n_entries;

	conf->entries =
		xreallocarray(conf->entries, conf->n_entries + file->n_entries + 1, sizeof(*conf->entries));
	for (size_t i = 0; i < n_before; i++)
		map_set(&places, conf->entries[i].prefix, &conf->entries[i]);
	for (size_t i = 0; i < file->n_entries; i++) {
		struct registry_entry *place = map_get(&places, file->entries[i].prefix);

		if (place)
			registry_entry_release(place);
		else
			place = &conf->entries[conf->n_entries++];
		*place = steal(&file->entries[i]);
	}
	if (!file->has_unqualified_search)
		return;
	strvec_release(&conf->unqualified_search);
	conf->unqualified_search = steal(&file->unqualified_search);
}

/* The paths of DIRECTORY/?*.conf, sorted. A missing directory has none. */
static int list_drop_ins(const char *path, struct strvec *files, struct error *err)
{
	CLEANUP(close_directory) DIR *directory = opendir(path);
	CLEANUP(free_string) char *shown = text_escaped(path);

	if (!directory)
		return errno == ENOENT || errno == ENOTDIR ? 0 : error_set_errno(err, "%s", shown);
	for (;;) {
		errno = 0;
		const struct dirent *entry = readdir(directory);
		if (!entry && errno)
			return error_set_errno(err, "%s", shown);
		if (!entry)
			break;
		if (text_ends_with(entry->d_name, ".conf") && entry->d_type != DT_DIR)
			strvec_pushf(files, "%s/%s", path, entry->d_name);
	}
	strvec_sort_unique(files);
	return 0;
}

static int merge_drop_ins(struct registries_conf *conf, const char *directory, struct error *err)
{
	CLEANUP(strvec_release) struct strvec files = STRVEC_INIT;

	if (list_drop_ins(directory, &files, err) < 0)
		return -1;
	for (size_t i = 0; i < files.count; i++) {
		CLEANUP(registries_conf_file_release) struct registries_conf_file file =
			REGISTRIES_CONF_FILE_INIT;

		if (read_file(&file, files.items[i], true, err) < 0)
			return -1;
		merge(conf, &file);
	}
	if (files.count) {
		CLEANUP(free_string) char *shown = text_escaped(directory);
		char *origin = xasprintf("%s or %s", conf->origin, shown);
		free(conf->origin);
		conf->origin = origin;
	}
	return 0;
}

static int compare_entries(const void *a, const void *b)
{
	return strcmp(((const struct registry_entry *)a)->prefix, ((const struct registry_entry *)b)->prefix);
}

static int load(struct registries_conf *conf, const char *path, bool is_required,
		const struct strvec *drop_in_directories, struct error *err)
{
	CLEANUP(registries_conf_release) struct registries_conf read = {.origin = text_escaped(path)};
	CLEANUP(registries_conf_file_release) struct registries_conf_file file = REGISTRIES_CONF_FILE_INIT;
	CLEANUP(error_clear) struct error problem = ERROR_INIT;

	if (read_file(&file, path, false, &problem) < 0 &&
	    (is_required || !error_is(&problem, ERROR_NOT_FOUND)))
		return error_move(err, &problem);
	merge(&read, &file);
	for (size_t i = 0; i < drop_in_directories->count; i++)
		if (merge_drop_ins(&read, drop_in_directories->items[i], err) < 0)
			return -1;
	if (read.n_entries > 1)
		qsort(read.entries, read.n_entries, sizeof(*read.entries), compare_entries);
	*conf = steal(&read);
	return 0;
}

int registries_conf_load_files(struct registries_conf *conf, const char *file, const char *drop_in_directory,
			       struct error *err)
{
	CLEANUP(strvec_release) struct strvec directories = STRVEC_INIT;

	if (drop_in_directory)
		strvec_push(&directories, drop_in_directory);
	return load(conf, file, true, &directories, err);
}

/* An empty variable counts as unset. */
static const char *environment(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

/* The user's own file, or NULL where there is no home. The caller frees it. */
static char *user_file(void)
{
	const char *config = environment("XDG_CONFIG_HOME"), *home = environment("HOME");

	if (config)
		return xasprintf("%s/containers/registries.conf", config);
	return home ? xasprintf("%s/.config/containers/registries.conf", home) : NULL;
}

int registries_conf_load(struct registries_conf *conf, const char *file, struct error *err)
{
	const char *named = file ? file : environment("CONTAINERS_REGISTRIES_CONF");
	CLEANUP(strvec_release) struct strvec directories = STRVEC_INIT;
	CLEANUP(free_string) char *own = named ? NULL : user_file();
	CLEANUP(error_clear) struct error problem = ERROR_INIT;
	bool has_own = false;

	if (own) {
		CLEANUP(close_file) int fd = file_open(AT_FDCWD, own, &problem);
		has_own = fd >= 0 || !error_is(&problem, ERROR_NOT_FOUND);
	}
	const char *path = named ? named : has_own ? own : SYSTEM_FILE;
	strvec_pushf(&directories, "%s.d", path);
	/* The user's drop-ins go over the system's file as well. */
	if (own && !has_own)
		strvec_pushf(&directories, "%s.d", own);
	return load(conf, path, named || has_own, &directories, err);
}
