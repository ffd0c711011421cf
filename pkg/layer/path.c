/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/path.h"

#include <string.h>

#include "base/strbuf.h"
#include "base/text.h"

/* Takes the next component off a path; false at its end. Empty ones and "." are left out. */
static bool next_component(const char **path, const char **component, size_t *length)
{
	for (;;) {
		*path += strspn(*path, "/");
		*component = *path;
		*length = strcspn(*path, "/");
		*path += *length;
		if (!*length)
			return false;
		if (*length != 1 || **component != '.')
			return true;
	}
}

static bool is_parent(const char *component, size_t length)
{
	return length == 2 && component[0] == '.' && component[1] == '.';
}

static void add_component(struct strbuf *path, const char *component, size_t length)
{
	if (path->len)
		strbuf_add_char(path, '/');
	strbuf_add(path, component, length);
}

static void drop_component(struct strbuf *path)
{
	const char *slash = strrchr(path->buf, '/');

	strbuf_set_length(path, slash ? (size_t)(slash - path->buf) : 0);
}

int layer_path_clean(char **clean, const char *path, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT;
	const char *rest = path, *component;
	size_t length;

	while (next_component(&rest, &component, &length)) {
		if (is_parent(component, length)) {
			CLEANUP(free_string) char *shown = text_escaped(path);
			return error_set(err, ERROR_INVALID, "path \"%s\" has a component \"..\"", shown);
		}
		add_component(&out, component, length);
	}
	*clean = strbuf_detach(&out);
	return 0;
}

char *layer_path_resolve(const char *link, const char *target)
{
	struct strbuf out = STRBUF_INIT;
	const char *rest = target, *component;
	size_t length;

	if (*target != '/') {
		strbuf_add_string(&out, link);
		drop_component(&out);
	}
	while (next_component(&rest, &component, &length)) {
		if (is_parent(component, length))
			drop_component(&out);
		else
			add_component(&out, component, length);
	}
	return strbuf_detach(&out);
}

bool layer_path_is_within(const char *path, const char *directory)
{
	size_t length = strlen(directory);

	return !length || (!strncmp(path, directory, length) && (!path[length] || path[length] == '/'));
}
