/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/credentials.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/map.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "registry/auth_file.h"
#include "registry/credential_helper.h"
#include "registry/secret.h"

#define HELPER_TIMEOUT_MS 30000

/* What a helper said about a server. */
struct answer {
	struct credential credential; /* without origin */
	struct error failure;         /* or why there is none */
};

/* A file in the order of looking, read when it is reached. */
struct place {
	char *path;
	bool is_read;
	struct auth_file file; /* empty while is_read is false, and when there is no such file */
};

struct credentials {
	struct place *places;
	size_t n_places;
	bool is_required;      /* the one file was named by the user */
	pthread_mutex_t mutex; /* for everything below, and for the reading of places */
	struct map answers;    /* "helper server" -> struct answer, owned */
};

void credential_release(struct credential *credential)
{
	secret_free(credential->user);
	secret_free(credential->password);
	secret_free(credential->identity_token);
	secret_free(credential->registry_token);
	free(credential->origin);
	*credential = (struct credential)CREDENTIAL_INIT;
}

bool credential_is_empty(const struct credential *credential)
{
	return !credential->user && !credential->identity_token && !credential->registry_token;
}

static char *copy_if_set(const char *text)
{
	return text ? xstrdup(text) : NULL;
}

static void credential_copy(struct credential *to, const struct credential *from)
{
	*to = (struct credential){
		.user = copy_if_set(from->user),
		.password = copy_if_set(from->password),
		.identity_token = copy_if_set(from->identity_token),
		.registry_token = copy_if_set(from->registry_token),
	};
}

static void answer_free(void *value)
{
	struct answer *answer = value;

	credential_release(&answer->credential);
	error_clear(&answer->failure);
	free(answer);
}

/* Takes `path`; NULL is left out. */
static void add_place(struct credentials *credentials, char *path)
{
	if (!path)
		return;
	credentials->places =
		xreallocarray(credentials->places, credentials->n_places + 1, sizeof(*credentials->places));
	credentials->places[credentials->n_places++] = (struct place){.path = path};
}

/* An empty variable counts as unset. */
static const char *environment(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

/* "<directory>/<file>", or NULL where there is no directory. */
static char *join(const char *directory, const char *file)
{
	return directory ? xasprintf("%s/%s", directory, file) : NULL;
}

static void add_usual_places(struct credentials *credentials)
{
	const char *home = environment("HOME"), *runtime = environment("XDG_RUNTIME_DIR");
	const char *config = environment("XDG_CONFIG_HOME"), *docker = environment("DOCKER_CONFIG");

	add_place(credentials, runtime ? join(runtime, "containers/auth.json")
				       : xasprintf("/run/containers/%ju/auth.json", (uintmax_t)getuid()));
	add_place(credentials,
		  config ? join(config, "containers/auth.json") : join(home, ".config/containers/auth.json"));
	add_place(credentials, docker ? join(docker, "config.json") : join(home, ".docker/config.json"));
	add_place(credentials, join(home, ".dockercfg"));
}

struct credentials *credentials_new(const char *file)
{
	struct credentials *credentials = xcalloc(1, sizeof(*credentials));

	pthread_mutex_init(&credentials->mutex, NULL);
	credentials->answers = (struct map)MAP_INIT_FREEING(answer_free);
	const char *named = file ? file : environment("REGISTRY_AUTH_FILE");
	credentials->is_required = named != NULL;
	if (named)
		add_place(credentials, xstrdup(named));
	else
		add_usual_places(credentials);
	return credentials;
}

void credentials_free(struct credentials *credentials)
{
	if (!credentials)
		return;
	for (size_t i = 0; i < credentials->n_places; i++) {
		free(credentials->places[i].path);
		auth_file_release(&credentials->places[i].file);
	}
	free(credentials->places);
	map_release(&credentials->answers);
	pthread_mutex_destroy(&credentials->mutex);
	free(credentials);
}

char *credentials_describe_files(struct credentials *credentials)
{
	struct strbuf text = STRBUF_INIT;

	for (size_t i = 0; i < credentials->n_places; i++) {
		CLEANUP(free_string) char *shown = text_escaped(credentials->places[i].path);
		strbuf_addf(&text, "%s%s", i ? ", " : "", shown);
	}
	return strbuf_detach(&text);
}

static int read_place(struct credentials *credentials, struct place *place, struct error *err)
{
	CLEANUP(error_clear) struct error problem = ERROR_INIT;

	if (place->is_read)
		return 0;
	if (auth_file_read(&place->file, place->path, &problem) < 0 &&
	    (credentials->is_required || !error_is(&problem, ERROR_NOT_FOUND)))
		return error_move(err, &problem);
	place->is_read = true;
	return 0;
}

/* What the helper says, asked once for each server. Borrowed. NULL: cancelled. */
static const struct answer *ask_once(struct credentials *credentials, const char *helper, const char *server,
				     struct error *err)
{
	CLEANUP(free_string) char *key = xasprintf("%s %s", helper, server);
	struct answer *answer = map_get(&credentials->answers, key);

	if (answer)
		return answer;
	answer = xcalloc(1, sizeof(*answer));
	if (credential_helper_get(helper, server, HELPER_TIMEOUT_MS, &answer->credential, &answer->failure) <
		    0 &&
	    error_is(&answer->failure, ERROR_CANCELLED)) {
		error_move(err, &answer->failure);
		answer_free(answer);
		return NULL;
	}
	map_set(&credentials->answers, key, answer);
	return answer;
}

static int find_by_helper(struct credentials *credentials, const struct auth_file *file, const char *helper,
			  const char *server, struct credential *found, struct error *err)
{
	const struct answer *answer = ask_once(credentials, helper, server, err);
	CLEANUP(free_string) char *shown = text_escaped(file->path);

	if (!answer)
		return -1;
	if (answer->failure.code != ERROR_NONE) {
		error_set(err, answer->failure.code, "%s", answer->failure.message);
		return error_wrap(err, "%s", shown);
	}
	if (credential_is_empty(&answer->credential))
		return 0;
	credential_copy(found, &answer->credential);
	found->origin = xasprintf("%s, helper 'docker-credential-%s'", shown, helper);
	return 0;
}

static int find_in_file(struct credentials *credentials, const struct auth_file *file, const char *host,
			const char *path, struct credential *found, struct error *err)
{
	const char *server, *helper = auth_file_helper(file, host, &server);

	if (helper && find_by_helper(credentials, file, helper, server, found, err) < 0)
		return -1;
	if (!credential_is_empty(found))
		return 0;
	const struct auth_entry *entry = auth_file_find(file, host, path);
	if (entry) {
		CLEANUP(free_string) char *shown = text_escaped(file->path);
		CLEANUP(free_string) char *key = text_escaped(entry->key);
		credential_copy(found, &entry->credential);
		found->origin = xasprintf("%s, key '%s'", shown, key);
		return 0;
	}
	if (!file->store)
		return 0;
	return find_by_helper(credentials, file, file->store, auth_server(host), found, err);
}

/* 64 hexadecimal digits without a host are an image id to docker and not a name: nothing is sent for it. */
static bool is_image_id(const char *host, const char *path)
{
	const char *name = text_starts_with(path, "library/") ? path + strlen("library/") : path;

	return !strcmp(auth_host(host), "index.docker.io") && strlen(name) == 64 &&
	       strspn(name, "0123456789abcdef") == 64;
}

int credentials_find(struct credentials *credentials, const char *host, const char *path,
		     struct credential *found, struct error *err)
{
	int result = 0;

	if (is_image_id(host, path))
		return 0;
	pthread_mutex_lock(&credentials->mutex);
	for (size_t i = 0; i < credentials->n_places && result == 0 && credential_is_empty(found); i++) {
		struct place *place = &credentials->places[i];

		result = read_place(credentials, place, err);
		if (result == 0 && place->file.path)
			result = find_in_file(credentials, &place->file, host, path, found, err);
	}
	pthread_mutex_unlock(&credentials->mutex);
	return result;
}
