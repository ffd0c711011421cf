/* SPDX-License-Identifier: Apache-2.0 */
/* The first table holds facts of openshift/oc, pkg/cli/image/manifest/dockercredentials (Apache-2.0). */
#include "registry/credentials.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "oci/reference.h"
#include "tests/tap.h"
#include "tests/unit/registry_lookup.h"

/* No file of the machine that runs the tests is looked at. */
static void set_environment(void)
{
	setenv("HOME", test_directory(), 1);
	setenv("XDG_RUNTIME_DIR", test_directory(), 1);
	unsetenv("XDG_CONFIG_HOME");
	unsetenv("DOCKER_CONFIG");
	unsetenv("REGISTRY_AUTH_FILE");
}

TEST(one_entry_is_found_as_oc_finds_it)
{
	static const struct {
		const char *key, *image, *user;
	} cases[] = {
		{"index.docker.io", "docker/docker", "local_user"},
		{"index.docker.io", "debian", "local_user"},
		{"index.docker.io", "docker.io/docker/docker", "local_user"},
		{"index.docker.io", "docker.io/library/debian:latest", "local_user"},
		{"index.docker.io", "index.docker.io/debian", "local_user"},
		{"registry-1.docker.io", "docker.io/library/debian", "local_user"},
		{"registry-1.docker.io", "index.docker.io/debian", "local_user"},
		{"docker.io", "docker.io/library/debian", "local_user"},
		{"docker.io", "index.docker.io/debian", "local_user"},
		{"localhost:5000", "localhost:5000/docker/docker:latest", "local_user"},
		{"127.0.0.1:5000", "127.0.0.1:5000/debian", "local_user"},
		{"https://localhost", "localhost/library/debian", "local_user"},
		{"localhost:443", "localhost:443/library/debian", "local_user"},
		{"http://localhost", "localhost:80/library/debian", ""},
		{"localhost:80", "localhost/library/debian", ""},
		{"localhost", "localhost:80/library/debian", ""},
		/* no image name: nothing is looked up, or nothing is found */
		{"index.docker.io", "1a3f5e7d9c1b3a5f7e9d1c3b5a7f9e1d3c5b7a9f1e3d5d7c9b1a3f5e7d9c1b3a", ""},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		CLEANUP(free_string) char *text = xasprintf("{\"auths\": {\"%s\": " LOCAL "}}", cases[i].key);
		CLEANUP(release_credentials) struct credentials *credentials =
			credentials_of("auth.json", text);
		CLEANUP(reference_release) struct reference reference = REFERENCE_INIT;
		CLEANUP(error_clear) struct error err = ERROR_INIT;

		EXPECT_OK(reference_parse(&reference, cases[i].image, &err), &err);
		reference_apply_docker_defaults(&reference);
		CLEANUP(free_string) char *path = reference_repository_path(&reference);
		expect_user(credentials, reference.registry, path, cases[i].user);
	}
}

TEST(texts_that_are_no_image_name_never_reach_the_lookup)
{
	static const char *const texts[] = {
		"https://github.com/docker/docker",
		"-docker",
		"-docker.io/docker/docker",
		"docker.io/docker/Docker",
	};

	for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
		CLEANUP(reference_release) struct reference reference = REFERENCE_INIT;
		CLEANUP(error_clear) struct error err = ERROR_INIT;
		EXPECT_ERROR(reference_parse(&reference, texts[i], &err), &err, ERROR_INVALID, "");
	}
}

TEST(without_files_there_are_no_credentials)
{
	set_environment();
	CLEANUP(release_credentials) struct credentials *credentials = credentials_new(NULL);
	expect_user(credentials, "localhost", "library/debian", "");
	expect_user(credentials, "quay.io", "", "");
}

TEST(the_most_specific_key_wins)
{
	CLEANUP(release_credentials) struct credentials *credentials = credentials_of(
		"auth.json", "{\"auths\": {\"quay.io\": {\"username\": \"host\", \"password\": \"p\"},"
			     " \"quay.io/a\": {\"username\": \"a\", \"password\": \"p\"},"
			     " \"quay.io/a/b/c\": {\"username\": \"abc\", \"password\": \"p\"}}}");

	expect_user(credentials, "quay.io", "a/b/c", "abc");
	expect_user(credentials, "quay.io", "a/b/c/d", "abc");
	expect_user(credentials, "quay.io", "a/b", "a");
	expect_user(credentials, "quay.io", "a", "a");
	expect_user(credentials, "quay.io", "ab", "host");
	expect_user(credentials, "quay.io", "", "host");
}

TEST(look_alikes_of_a_host_get_nothing)
{
	static const char *const hosts[] = {
		"quay.io.evil.com", "quay.io:444", "quay.iox", "evil-quay.io",
		"quay.i",           "quay",        "io",       "a.quay.io",
	};
	CLEANUP(release_credentials) struct credentials *credentials = credentials_of(
		"auth.json", "{\"auths\": {\"quay.io\": " LOCAL ", \"https://registry.com/v1/\": " OTHER ","
			     " \"example.com/a\": " OTHER ", \"http://plain.com\": " OTHER "}}");

	for (size_t i = 0; i < ARRAY_LENGTH(hosts); i++)
		expect_user(credentials, hosts[i], "a/b", "");
	expect_user(credentials, "quay.io", "a/b", "local_user");
	expect_user(credentials, "QUAY.IO", "a/b", "local_user");
	expect_user(credentials, "registry.com", "a", "other");
	expect_user(credentials, "plain.com", "a", "other");
	expect_user(credentials, "example.com", "a/b", "other");
	expect_user(credentials, "example.com", "ab", "");
	expect_user(credentials, "example.com", "", "");
}

TEST(entries_hold_passwords_or_tokens)
{
	static const struct {
		const char *entry, *user, *password, *identity_token, *registry_token;
	} cases[] = {
		{"{\"auth\": \"dTpwOnE=\"}", "u", "p:q", NULL, NULL},
		{"{\"auth\": \"dTpwOnE\"}", "u", "p:q", NULL, NULL},
		{"{\"auth\": \"dTpw\\nOnE=\\n\"}", "u", "p:q", NULL, NULL},
		{"{\"auth\": \"dTo=\"}", "u", "", NULL, NULL},
		{"{\"auth\": \"dTpwAAA=\", \"email\": \"x\"}", "u", "p", NULL, NULL}, /* "u:p\0\0" */
		{"{\"username\": \"u\", \"password\": \"p\"}", "u", "p", NULL, NULL},
		{"{\"auth\": \"dTpw\", \"username\": \"x\", \"password\": \"y\"}", "u", "p", NULL, NULL},
		{"{\"auth\": \"dTo=\", \"identitytoken\": \"refresh\"}", NULL, NULL, "refresh", NULL},
		{"{\"auth\": \"dTpw\", \"identitytoken\": \"refresh\"}", "u", "p", "refresh", NULL},
		{"{\"username\": \"u\", \"password\": \"p\", \"identitytoken\": \"refresh\"}", "u", "p",
		 "refresh", NULL},
		{"{\"auth\": \"%\", \"identitytoken\": \"refresh\"}", NULL, NULL, "refresh", NULL},
		{"{\"registrytoken\": \"bearer\"}", NULL, NULL, NULL, "bearer"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		CLEANUP(free_string) char *text = xasprintf("{\"auths\": {\"quay.io\": %s}}", cases[i].entry);
		CLEANUP(release_credentials) struct credentials *credentials =
			credentials_of("auth.json", text);
		CLEANUP(credential_release) struct credential found = CREDENTIAL_INIT;
		CLEANUP(error_clear) struct error err = ERROR_INIT;

		EXPECT_OK(credentials_find(credentials, "quay.io", "a", &found, &err), &err);
		EXPECT_STRING(found.user, cases[i].user);
		EXPECT_STRING(found.password, cases[i].password);
		EXPECT_STRING(found.identity_token, cases[i].identity_token);
		EXPECT_STRING(found.registry_token, cases[i].registry_token);
		CLEANUP(free_string) char *origin =
			xasprintf("%s/auth.json, key 'quay.io'", test_directory());
		EXPECT_STRING(found.origin, origin);
	}
}

TEST(an_empty_object_is_no_credential_and_hides_none)
{
	CLEANUP(release_credentials) struct credentials *credentials = credentials_of(
		"auth.json",
		"{\"auths\": {\"quay.io/a\": {}, \"quay.io/b\": {\"auth\": \"\"}, \"quay.io\": " LOCAL
		", \"x.com\": {}}}");

	expect_user(credentials, "quay.io", "a", "local_user");
	expect_user(credentials, "quay.io", "b", "local_user");
	expect_user(credentials, "x.com", "a", "");
}

TEST(unusable_entries_are_skipped_with_a_warning_that_names_the_key_only)
{
	static const char *const entries[] = {
		"{\"auth\": \"c2VjcmV0LXdpdGhvdXQtY29sb24=\"}", /* secret-without-colon */
		"{\"auth\": \"c2VjcmV0!\"}",
		"{\"auth\": \"c2VjcmV0x\"}",
		"{\"auth\": \"dTpwAHA=\"}",     /* u:p\0p */
		"{\"auth\": \"OnNlY3JldA==\"}", /* :secret */
		"{\"auth\": 17}",
		"{\"registrytoken\": \"c2VjcmV0\\r\\nX-Header: 1\"}",
		"\"c2VjcmV0\"",
	};

	for (size_t i = 0; i < ARRAY_LENGTH(entries); i++) {
		CLEANUP(strbuf_release) struct strbuf warnings = STRBUF_INIT;
		CLEANUP(free_string) char *key = xasprintf("quay.io/k%zu", i);
		CLEANUP(free_string) char *text =
			xasprintf("{\"auths\": {\"%s\": %s, \"quay.io\": " LOCAL "}}", key, entries[i]);
		CLEANUP(release_credentials) struct credentials *credentials =
			credentials_of("auth.json", text);

		log_set_function(collect_message, &warnings, LOG_WARNING);
		expect_user(credentials, "quay.io", key + strlen("quay.io/"), "local_user");
		expect_user(credentials, "quay.io", "other", "local_user");
		log_set_function(NULL, NULL, LOG_WARNING);
		EXPECT(strstr(warnings.buf, key) && strstr(warnings.buf, "is not used"));
		EXPECT(!strstr(warnings.buf, "secret") && !strstr(warnings.buf, "c2Vj"));
	}
}

TEST(a_malformed_file_is_an_error_that_shows_no_secret)
{
	static const char *const texts[] = {
		"",
		"[]",
		"17",
		"{\"auths\": []}",
		"{\"auths\": \"c2VjcmV0\"}",
		"{\"auths\": {}, \"credHelpers\": []}",
		"{\"auths\": {}, \"credHelpers\": {\"a\": 5}}",
		"{\"auths\": {\"quay.io\": {\"auth\": \"c2VjcmV0\" \"c2VjcmV0\"}}}",
		"{\"auths\": {\"quay.io\": {\"auth\": c2VjcmV0}}}",
		"{\"auths\": {\"quay.io\": {\"auth\": \"c2VjcmV0",
	};

	for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
		CLEANUP(release_credentials) struct credentials *credentials =
			credentials_of("auth.json", texts[i]);
		CLEANUP(credential_release) struct credential found = CREDENTIAL_INIT;
		CLEANUP(error_clear) struct error err = ERROR_INIT;

		EXPECT(credentials_find(credentials, "quay.io", "a", &found, &err) < 0);
		EXPECT(error_is(&err, ERROR_INVALID) && strstr(err.message, "auth.json: "));
		EXPECT(!strstr(err.message, "c2Vj"));
	}
	CLEANUP(release_credentials) struct credentials *syntax =
		credentials_of("auth.json", "{\n\"auths\": x}");
	expect_find_error(syntax, ERROR_INVALID, "auth.json: line 2: is not valid JSON");
}

TEST(a_file_that_was_named_must_exist)
{
	set_environment();
	CLEANUP(release_credentials) struct credentials *named = credentials_new("/nonexistent/auth.json");
	expect_find_error(named, ERROR_NOT_FOUND, "/nonexistent/auth.json");
	setenv("REGISTRY_AUTH_FILE", "/nonexistent/of/the/environment.json", 1);
	CLEANUP(release_credentials) struct credentials *environments = credentials_new(NULL);
	expect_find_error(environments, ERROR_NOT_FOUND, "/nonexistent/of/the/environment.json");
	set_environment();
}

TEST(the_usual_files_are_looked_at_in_order)
{
	/* The last in the order first: each one then hides those before it. */
	static const char *const names[] = {
		".dockercfg",
		".docker/config.json",
		".config/containers/auth.json",
		"containers/auth.json",
	};

	set_environment();
	for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
		CLEANUP(free_string) char *user = xasprintf("user of %s", names[i]);
		CLEANUP(free_string) char *auths =
			xasprintf("{\"quay.io\": {\"username\": \"%s\", \"password\": \"p\"}}", user);
		CLEANUP(free_string) char *text =
			i == 0 ? xstrdup(auths) : xasprintf("{\"auths\": %s}", auths);

		free(write_file(names[i], text, 0600));
		CLEANUP(release_credentials) struct credentials *credentials = credentials_new(NULL);
		expect_user(credentials, "quay.io", "a", user);
		expect_user(credentials, "x.com", "a", "");
	}
	CLEANUP(release_credentials) struct credentials *credentials = credentials_new(NULL);
	CLEANUP(free_string) char *described = credentials_describe_files(credentials);
	CLEANUP(free_string) char *wanted = xasprintf(
		"%1$s/containers/auth.json, %1$s/.config/containers/auth.json, %1$s/.docker/config.json, "
		"%1$s/.dockercfg",
		test_directory());
	EXPECT_STRING(described, wanted);
}

TEST(variables_move_the_usual_files)
{
	set_environment();
	setenv("XDG_RUNTIME_DIR", "", 1);
	setenv("XDG_CONFIG_HOME", "/c", 1);
	setenv("DOCKER_CONFIG", "/d", 1);
	unsetenv("HOME");
	CLEANUP(release_credentials) struct credentials *credentials = credentials_new(NULL);
	CLEANUP(free_string) char *described = credentials_describe_files(credentials);
	CLEANUP(free_string) char *wanted = xasprintf(
		"/run/containers/%u/auth.json, /c/containers/auth.json, /d/config.json", (unsigned)getuid());
	EXPECT_STRING(described, wanted);
	set_environment();
}

TEST(a_malformed_file_in_a_usual_place_is_an_error)
{
	set_environment();
	free(write_file(".docker/config.json", "{", 0600));
	CLEANUP(release_credentials) struct credentials *credentials = credentials_new(NULL);
	expect_find_error(credentials, ERROR_INVALID, ".docker/config.json");
}

TEST(a_file_that_others_may_read_is_warned_about)
{
	CLEANUP(strbuf_release) struct strbuf warnings = STRBUF_INIT;
	CLEANUP(free_string) char *open =
		write_file("open.json", "{\"auths\": {\"quay.io\": " LOCAL "}}", 0640);
	CLEANUP(free_string) char *closed =
		write_file("closed.json", "{\"auths\": {\"quay.io\": " LOCAL "}}", 0600);
	CLEANUP(release_credentials) struct credentials *of_open = credentials_new(open);
	CLEANUP(release_credentials) struct credentials *of_closed = credentials_new(closed);

	log_set_function(collect_message, &warnings, LOG_WARNING);
	expect_user(of_open, "quay.io", "a", "local_user");
	expect_user(of_closed, "quay.io", "a", "local_user");
	log_set_function(NULL, NULL, LOG_WARNING);
	CLEANUP(free_string) char *wanted =
		xasprintf("%s: can be read by others than its owner; chmod 600 protects it\n", open);
	EXPECT_STRING(warnings.buf, wanted);
}
