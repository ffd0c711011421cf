/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/credential_helper.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/parallel.h"
#include "base/text.h"
#include "tests/tap.h"
#include "tests/unit/registry_lookup.h"

/* A helper program "docker-credential-NAME"; PATH leads to it. It counts its runs in "calls". */
static void write_helper(const char *name, const char *script)
{
	CLEANUP(free_string) char *program = xasprintf("bin/docker-credential-%s", name);
	CLEANUP(free_string) char *text =
		xasprintf("#!/bin/sh\necho run >> '%s/calls'\n%s\n", test_directory(), script);
	CLEANUP(free_string) char *path = xasprintf("%s/bin:/usr/bin:/bin", test_directory());

	free(write_file(program, text, 0700));
	setenv("PATH", path, 1);
}

static size_t count_calls(void)
{
	CLEANUP(free_string) char *path = xasprintf("%s/calls", test_directory());
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;
	CLEANUP(error_clear) struct error err = ERROR_INIT;

	EXPECT_OK(file_read(AT_FDCWD, path, 65536, &text, &err), &err);
	return text.len / strlen("run\n");
}

#define ANSWER_HOST \
	"read host; [ \"$1\" = get ] && echo '{\"ServerURL\": \"x\", \"Username\": \"'$host'\", " \
	"\"Secret\": \"s\"}'"

TEST(a_helper_is_asked_once_for_each_host)
{
	write_helper("test", ANSWER_HOST);
	CLEANUP(release_credentials) struct credentials *credentials =
		credentials_of("auth.json", "{\"credHelpers\": {\"quay.io\": \"test\", \"b.com:5000\": "
					    "\"test\"}, \"auths\": {\"quay.io/a\": " LOCAL "}}");
	CLEANUP(credential_release) struct credential found = CREDENTIAL_INIT;
	CLEANUP(error_clear) struct error err = ERROR_INIT;

	for (int i = 0; i < 3; i++) {
		expect_user(credentials, "quay.io", "a", "quay.io");
		expect_user(credentials, "b.com:5000", "a", "b.com:5000");
		expect_user(credentials, "b.com", "a", "");
	}
	EXPECT(count_calls() == 2);
	EXPECT_OK(credentials_find(credentials, "quay.io", "x", &found, &err), &err);
	EXPECT_STRING(found.password, "s");
	EXPECT(strstr(found.origin, "helper 'docker-credential-test'") != NULL);
}

static void find_in_thread(size_t index, unsigned worker, void *context)
{
	(void)worker;
	expect_user(context, index % 2 ? "quay.io" : "b.com", "a", index % 2 ? "quay.io" : "b.com");
}

TEST(threads_share_the_answers)
{
	write_helper("test", ANSWER_HOST);
	CLEANUP(release_credentials) struct credentials *credentials = credentials_of(
		"auth.json", "{\"credHelpers\": {\"quay.io\": \"test\", \"b.com\": \"test\"}}");

	parallel_for(40, 8, find_in_thread, credentials);
	EXPECT(count_calls() == 2);
}

TEST(a_helper_without_credentials_leaves_the_rest_of_the_file)
{
	write_helper("none", "echo 'credentials not found in native keychain'; exit 1");
	CLEANUP(release_credentials) struct credentials *credentials =
		credentials_of("auth.json", "{\"credHelpers\": {\"quay.io\": \"none\", \"x.com\": \"none\"}, "
					    "\"auths\": {\"quay.io\": " LOCAL "}}");

	expect_user(credentials, "quay.io", "a", "local_user");
	expect_user(credentials, "x.com", "a", "");
}

TEST(a_helper_that_is_not_installed_is_warned_about)
{
	CLEANUP(strbuf_release) struct strbuf warnings = STRBUF_INIT;
	CLEANUP(release_credentials) struct credentials *credentials =
		credentials_of("auth.json", "{\"credHelpers\": {\"quay.io\": \"not-installed\"}}");

	log_set_function(collect_message, &warnings, LOG_WARNING);
	expect_user(credentials, "quay.io", "a", "");
	log_set_function(NULL, NULL, LOG_WARNING);
	EXPECT_STRING(warnings.buf,
		      "docker-credential-not-installed: no such program in PATH; going on without it\n");
}

TEST(the_store_is_asked_last_and_only_in_dockers_file)
{
	static const char text[] =
		"{\"credsStore\": \"test\", \"auths\": {\"quay.io\": " LOCAL ", \"x.com\": {}}}";

	write_helper("test", ANSWER_HOST);
	CLEANUP(release_credentials) struct credentials *docker = credentials_of("config.json", text);
	CLEANUP(release_credentials) struct credentials *containers = credentials_of("auth.json", text);
	expect_user(docker, "quay.io", "a", "local_user");
	expect_user(docker, "x.com", "a", "x.com");
	expect_user(docker, "docker.io", "library/a", "https://index.docker.io/v1/");
	expect_user(containers, "x.com", "a", "");
}

TEST(a_helper_for_one_of_dockers_names_is_one_for_all)
{
	write_helper("test", ANSWER_HOST);
	CLEANUP(release_credentials) struct credentials *old =
		credentials_of("auth.json", "{\"credHelpers\": {\"https://index.docker.io/v1/\": \"test\"}}");
	CLEANUP(release_credentials) struct credentials *plain =
		credentials_of("other.json", "{\"credHelpers\": {\"docker.io\": \"test\"}}");
	expect_user(old, "docker.io", "library/a", "https://index.docker.io/v1/");
	expect_user(plain, "registry-1.docker.io", "library/a", "https://index.docker.io/v1/");
	expect_user(plain, "docker.io", "library/a", "docker.io");
	expect_user(plain, "quay.io", "a", "");
}

TEST(helpers_say_by_the_user_that_the_secret_is_a_token)
{
	static const char *const users[] = {"<token>", "00000000-0000-0000-0000-000000000000"};

	for (size_t i = 0; i < ARRAY_LENGTH(users); i++) {
		CLEANUP(free_string) char *script =
			xasprintf("echo '{\"Username\": \"%s\", \"Secret\": \"refresh\"}'", users[i]);
		CLEANUP(credential_release) struct credential found = CREDENTIAL_INIT;
		CLEANUP(error_clear) struct error err = ERROR_INIT;

		write_helper("token", script);
		EXPECT_OK(credential_helper_get("token", "quay.io", 5000, &found, &err), &err);
		EXPECT_STRING(found.identity_token, "refresh");
		EXPECT_STRING(found.user, NULL);
	}
}

TEST(helpers_that_fail_are_told_about_without_their_output)
{
	static const struct {
		const char *script;
		enum error_code code;
		const char *part;
	} cases[] = {
		{"echo out-secret; printf 'locked\\033[2J\\n' >&2; exit 3", ERROR_IO,
		 "ended with status 3; locked\\x1b[2J"},
		{"echo out-secret; exit 3", ERROR_IO, "run it by hand"},
		{"kill -9 $$", ERROR_IO, "killed by signal 9"},
		{"echo out-secret garbage", ERROR_INVALID, "is not valid JSON"},
		{"echo '{\"Username\": out-secret}'", ERROR_INVALID, "is not valid JSON"},
		{"echo '[\"out-secret\"]'", ERROR_INVALID, "has no Username and Secret"},
		{"echo '{\"Username\": 5, \"Secret\": \"out-secret\"}'", ERROR_INVALID,
		 "has no Username and Secret"},
		{"true", ERROR_INVALID, "is not valid JSON"},
		{"head -c 10000000 /dev/zero", ERROR_INVALID, "its answer is longer than 65536 bytes"},
		{"head -c 10000000 /dev/zero | tr '\\0' e >&2; exit 1", ERROR_IO, "eeee"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		CLEANUP(credential_release) struct credential found = CREDENTIAL_INIT;
		CLEANUP(error_clear) struct error err = ERROR_INIT;

		write_helper("bad", cases[i].script);
		if (credential_helper_get("bad", "quay.io", 10000, &found, &err) < 0) {
			EXPECT(strlen(err.message) < 1500 && !strstr(err.message, "out-secret"));
			EXPECT(text_starts_with(err.message, "docker-credential-bad"));
		}
		EXPECT_ERROR(error_is(&err, ERROR_NONE) ? 0 : -1, &err, cases[i].code, cases[i].part);
		EXPECT(credential_is_empty(&found));
	}
}

TEST(a_failing_helper_is_an_error_that_names_the_file)
{
	write_helper("bad", "exit 2");
	CLEANUP(release_credentials) struct credentials *credentials =
		credentials_of("auth.json", "{\"credHelpers\": {\"quay.io\": \"bad\"}}");

	expect_find_error(credentials, ERROR_IO, "auth.json: docker-credential-bad: ended with status 2");
	expect_find_error(credentials, ERROR_IO, "auth.json: docker-credential-bad: ended with status 2");
	EXPECT(count_calls() == 1);
}

TEST(a_helper_that_hangs_is_killed_with_its_children)
{
	CLEANUP(credential_release) struct credential found = CREDENTIAL_INIT;
	CLEANUP(error_clear) struct error err = ERROR_INIT;
	CLEANUP(free_string) char *survivor = xasprintf("%s/survivor", test_directory());
	CLEANUP(free_string) char *script = xasprintf("(sleep 0.8; touch '%s') & sleep 60", survivor);
	uint64_t start_ms = clock_milliseconds();

	write_helper("slow", script);
	EXPECT_ERROR(credential_helper_get("slow", "quay.io", 300, &found, &err), &err, ERROR_IO,
		     "docker-credential-slow: no answer within 0.3 s");
	EXPECT_OK(cancel_sleep(1000, &err), &err);
	EXPECT(access(survivor, F_OK) < 0);
	write_helper("silent", "exec >&- 2>&-; sleep 60");
	EXPECT_ERROR(credential_helper_get("silent", "quay.io", 300, &found, &err), &err, ERROR_IO,
		     "no answer within");
	EXPECT(clock_milliseconds() - start_ms < 20000);
}

TEST(waiting_for_a_helper_can_be_cancelled)
{
	write_helper("slow", "sleep 60");
	CLEANUP(release_credentials) struct credentials *credentials =
		credentials_of("auth.json", "{\"credHelpers\": {\"quay.io\": \"slow\"}}");

	atomic_store(&cancel_flag, true);
	expect_find_error(credentials, ERROR_CANCELLED, "");
	atomic_store(&cancel_flag, false);
}

TEST(a_helper_that_reads_nothing_and_ends_is_fine)
{
	CLEANUP(credential_release) struct credential found = CREDENTIAL_INIT;
	CLEANUP(error_clear) struct error err = ERROR_INIT;

	write_helper("deaf", "exec <&-; echo '{\"Username\": \"u\", \"Secret\": \"p\"}'");
	EXPECT_OK(credential_helper_get("deaf", "quay.io", 5000, &found, &err), &err);
	EXPECT_STRING(found.user, "u");
}

TEST(names_of_helpers_lead_nowhere_else)
{
	static const char *const names[] = {"",   "/bin/sh", "../x", "a/b", "-x",
					    ".x", "A",       "a b",  "a;b", "a\nb"};
	CLEANUP(release_credentials) struct credentials *credentials =
		credentials_of("auth.json", "{\"credHelpers\": {\"quay.io\": \"../../bin/x\"}}");

	for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
		EXPECT(!credential_helper_is_name(names[i]));
	EXPECT(credential_helper_is_name("ecr-login") && credential_helper_is_name("a_b.1"));
	expect_find_error(credentials, ERROR_INVALID, "'../../bin/x' cannot be a credential helper");
}
