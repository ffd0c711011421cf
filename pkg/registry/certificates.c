/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/certificates.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"

void certificates_release(struct http_tls *tls)
{
	strvec_release(&tls->ca_files);
	free(tls->client_certificate);
	free(tls->client_key);
	free(tls->directory);
	*tls = (struct http_tls){0};
}

/* Names of all entries, sorted; false if the directory cannot be read (errno says why). */
static bool list_directory(const char *path, struct strvec *names)
{
	struct dirent **entries = NULL;
	int count = scandir(path, &entries, NULL, alphasort);

	if (count < 0)
		return false;
	for (int i = 0; i < count; i++) {
		strvec_push(names, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	return true;
}

/* "client.cert" and ".cert", ".key" -> "client.key". */
static char *sibling(const char *name, const char *suffix, const char *other)
{
	return xasprintf("%.*s%s", (int)(strlen(name) - strlen(suffix)), name, other);
}

static int add_client_certificate(struct http_tls *tls, const char *directory, const char *name,
				  const struct strvec *names, struct error *err)
{
	CLEANUP(free_string) char *key = sibling(name, ".cert", ".key");

	if (!strvec_contains(names, key)) {
		CLEANUP(free_string) char *shown = text_escaped(name);
		return error_set(err, ERROR_INVALID,
				 "%s/%s: the client certificate has no .key file beside it", directory,
				 shown);
	}
	if (tls->client_certificate) {
		log_warning_once("%s: has several client certificates, %s is used", directory,
				 tls->client_certificate);
		return 0;
	}
	tls->client_certificate = xasprintf("%s/%s", directory, name);
	tls->client_key = xasprintf("%s/%s", directory, key);
	return 0;
}

static int check_key(const char *directory, const char *name, const struct strvec *names, struct error *err)
{
	CLEANUP(free_string) char *certificate = sibling(name, ".key", ".cert");
	CLEANUP(free_string) char *shown = text_escaped(name);

	if (strvec_contains(names, certificate))
		return 0;
	return error_set(err, ERROR_INVALID, "%s/%s: the key has no .cert file beside it", directory, shown);
}

static int read_names(struct http_tls *tls, const char *directory, const struct strvec *names,
		      struct error *err)
{
	for (size_t i = 0; i < names->count; i++) {
		const char *name = names->items[i];
		int result = 0;

		if (text_ends_with(name, ".crt"))
			strvec_pushf(&tls->ca_files, "%s/%s", directory, name);
		else if (text_ends_with(name, ".cert"))
			result = add_client_certificate(tls, directory, name, names, err);
		else if (text_ends_with(name, ".key"))
			result = check_key(directory, name, names, err);
		if (result < 0)
			return -1;
	}
	return 0;
}

/* Takes `directory`. */
static void set_directory(struct http_tls *tls, char *directory)
{
	free(tls->directory);
	tls->directory = directory;
}

int certificates_find(struct http_tls *tls, const char *directory, const char *host, struct error *err)
{
	CLEANUP(strvec_release) struct strvec names = STRVEC_INIT;

	if (directory) {
		if (!list_directory(directory, &names))
			return error_set_errno(err, "%s: the certificate directory cannot be read",
					       directory);
		set_directory(tls, xstrdup(directory));
		return read_names(tls, directory, &names, err);
	}

	CLEANUP(strvec_release) struct strvec places = STRVEC_INIT;
	const char *home = getenv("HOME");
	if (home && *home)
		strvec_pushf(&places, "%s/.config/containers/certs.d/%s", home, host);
	strvec_pushf(&places, "/etc/containers/certs.d/%s", host);
	strvec_pushf(&places, "/etc/docker/certs.d/%s", host);
	for (size_t i = 0; i < places.count; i++) {
		if (!list_directory(places.items[i], &names))
			continue;
		set_directory(tls, xstrdup(places.items[i]));
		return read_names(tls, places.items[i], &names, err);
	}
	set_directory(tls, xasprintf("/etc/containers/certs.d/%s", host));
	return 0;
}
