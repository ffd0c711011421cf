/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/auth_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "document/document.h"
#include "registry/auth_entry.h"
#include "registry/secret.h"

#define FILE_LIMIT_BYTES (1024 * 1024)

void auth_file_release(struct auth_file *file)
{
	for (size_t i = 0; i < file->n_entries; i++) {
		free(file->entries[i].key);
		credential_release(&file->entries[i].credential);
	}
	free(file->entries);
	strvec_release(&file->helper_hosts);
	strvec_release(&file->helper_names);
	free(file->store);
	free(file->path);
	*file = (struct auth_file)AUTH_FILE_INIT;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static int read_entries(struct auth_file *file, const struct node *auths, struct error *err)
{
	if (node_type(auths) == NODE_ABSENT)
		return 0;
	if (node_expect_object(auths, err) < 0)
		return -1;
	const char *key = NULL;
	file->entries = xcalloc(node_count(auths), sizeof(*file->entries));
	for (struct node node; node_next_member(auths, &node, &key);) {
		struct auth_entry *entry = &file->entries[file->n_entries++];

		entry->key = xstrdup(key);
		entry->problem = auth_entry_read(&entry->credential, &node);
	}
	return 0;
}

static int read_helpers(struct auth_file *file, const struct node *helpers, struct error *err)
{
	if (node_type(helpers) == NODE_ABSENT)
		return 0;
	if (node_expect_object(helpers, err) < 0)
		return -1;
	const char *host = NULL;
	for (struct node node; node_next_member(helpers, &node, &host);) {
		const char *name;

		if (node_string(&node, &name, err) < 0)
			return -1;
		strvec_push(&file->helper_hosts, host);
		strvec_push(&file->helper_names, name);
	}
	return 0;
}

static int read_members(struct auth_file *file, const struct node *root, struct error *err)
{
	struct node auths = node_member(root, "auths");
	struct node helpers = node_member(root, "credHelpers");
	struct node store = node_member(root, "credsStore");
	const char *name;

	if (read_entries(file, &auths, err) < 0 || read_helpers(file, &helpers, err) < 0)
		return -1;
	if (strcmp(base_name(file->path), "config.json") != 0)
		return 0;
	if (node_optional_string(&store, &name, err) < 0)
		return -1;
	file->store = name && *name ? xstrdup(name) : NULL;
	return 0;
}

/* The file that has been read. */
static int parse(struct auth_file *file, const char *path, const struct strbuf *bytes, struct error *err)
{
	CLEANUP(document_freep) struct document *document = NULL;

	if (secret_parse_json(&document, path, bytes, err) < 0)
		return -1;
	CLEANUP(auth_file_release) struct auth_file read = {.path = xstrdup(path)};
	struct node root = document_root(document);
	bool is_old = !strcmp(base_name(path), ".dockercfg");
	if (node_expect_object(&root, err) < 0)
		return -1;
	if ((is_old ? read_entries(&read, &root, err) : read_members(&read, &root, err)) < 0)
		return -1;
	*file = steal(&read);
	return 0;
}

static void warn_if_others_may_read(const char *path, const char *shown)
{
	struct stat status;

	if (stat(path, &status) == 0 && S_ISREG(status.st_mode) && (status.st_mode & (S_IRGRP | S_IROTH)))
		log_warning_once("%s: can be read by others than its owner; chmod 600 protects it", shown);
}

int auth_file_read(struct auth_file *file, const char *path, struct error *err)
{
	CLEANUP(secret_release) struct strbuf bytes = STRBUF_INIT;
	CLEANUP(free_string) char *shown = text_escaped(path);
	struct stat status;

	if (stat(path, &status) < 0 && (errno == ENOENT || errno == ENOTDIR))
		return error_set(err, ERROR_NOT_FOUND, "%s: no such file", shown);
	/* Room for the usual file at once, so that growing leaves no copies behind. */
	strbuf_grow(&bytes, 2 * 65536);
	if (file_read(AT_FDCWD, path, FILE_LIMIT_BYTES, &bytes, err) < 0)
		return -1;
	warn_if_others_may_read(path, shown);
	return parse(file, path, &bytes, err);
}

const char *auth_host(const char *host)
{
	return !strcasecmp(host, "docker.io") || !strcasecmp(host, "registry-1.docker.io") ? "index.docker.io"
											   : host;
}

const char *auth_server(const char *host)
{
	return strcmp(auth_host(host), "index.docker.io") ? host : "https://index.docker.io/v1/";
}

/* Whether the entry can be used; says once why not. */
static bool is_usable(const struct auth_file *file, const struct auth_entry *entry)
{
	if (entry->problem) {
		CLEANUP(free_string) char *shown = text_escaped(file->path);
		CLEANUP(free_string) char *key = text_escaped(entry->key);
		log_warning_once("%s: the entry '%s' is not used: %s", shown, key, entry->problem);
	}
	return !entry->problem && !credential_is_empty(&entry->credential);
}

/* Exact keys: the whole repository first, then without its last component, and so on to the host. */
static const struct auth_entry *find_exact(const struct auth_file *file, const char *host, const char *path)
{
	CLEANUP(free_string) char *key = xasprintf("%s%s%s", host, *path ? "/" : "", path);

	for (;;) {
		for (size_t i = 0; i < file->n_entries; i++)
			if (!strcmp(file->entries[i].key, key) && is_usable(file, &file->entries[i]))
				return &file->entries[i];
		char *slash = strrchr(key, '/');
		if (!slash)
			return NULL;
		*slash = '\0';
	}
}

/* Whether an old form of key names the host: "https://HOST/v1/", any of docker.io's names. A path counts
 * for nothing only behind a scheme: "quay.io/a" is a namespace and not the whole registry. */
static bool key_names_host(const char *key, const char *host)
{
	size_t scheme = text_starts_with(key, "https://") ? 8 : text_starts_with(key, "http://") ? 7 : 0;
	CLEANUP(free_string) char *name =
		scheme ? xstrndup(key + scheme, strcspn(key + scheme, "/")) : xstrdup(key);

	return !strcasecmp(auth_host(name), auth_host(host));
}

const struct auth_entry *auth_file_find(const struct auth_file *file, const char *host, const char *path)
{
	const struct auth_entry *exact = find_exact(file, host, path);

	if (exact)
		return exact;
	for (size_t i = 0; i < file->n_entries; i++)
		if (key_names_host(file->entries[i].key, host) && is_usable(file, &file->entries[i]))
			return &file->entries[i];
	return NULL;
}

const char *auth_file_helper(const struct auth_file *file, const char *host, const char **server)
{
	for (size_t i = 0; i < file->helper_hosts.count; i++) {
		if (strcasecmp(file->helper_hosts.items[i], host) != 0)
			continue;
		*server = host;
		return file->helper_names.items[i];
	}
	for (size_t i = 0; i < file->helper_hosts.count; i++) {
		if (!key_names_host(file->helper_hosts.items[i], host))
			continue;
		*server = auth_server(host);
		return file->helper_names.items[i];
	}
	return NULL;
}
