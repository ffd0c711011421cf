/* SPDX-License-Identifier: Apache-2.0 */
/* Looking up credentials in files that the tests write. */
#pragma once

#include <string.h>

#include "base/log.h"
#include "base/strbuf.h"
#include "registry/credentials.h"
#include "tests/unit/registry_files.h"

/* base64 of "local_user:local_pass" and of "other:secret". */
#define LOCAL "{\"auth\": \"bG9jYWxfdXNlcjpsb2NhbF9wYXNz\"}"
#define OTHER "{\"auth\": \"b3RoZXI6c2VjcmV0\"}"

static inline void release_credentials(struct credentials **credentials)
{
	credentials_free(*credentials);
}

static inline void collect_message(enum log_level level, const char *message, void *context)
{
	if (level == LOG_WARNING)
		strbuf_addf(context, "%s\n", message);
}

static inline struct credentials *credentials_of(const char *name, const char *text)
{
	CLEANUP(free_string) char *path = write_file(name, text, 0600);

	return credentials_new(path);
}

/* The user that is found, "token" for an identity token, "bearer" for a registry token, or "". */
static inline void expect_user(struct credentials *credentials, const char *host, const char *path,
			       const char *wanted)
{
	CLEANUP(credential_release) struct credential found = CREDENTIAL_INIT;
	CLEANUP(error_clear) struct error err = ERROR_INIT;

	EXPECT_OK(credentials_find(credentials, host, path, &found, &err), &err);
	const char *got = found.user             ? found.user
			  : found.identity_token ? "token"
			  : found.registry_token ? "bearer"
						 : "";
	if (strcmp(got, wanted) != 0)
		test_fail(__FILE__, __LINE__, "%s/%s: \"%s\", should be \"%s\"", host, path, got, wanted);
	EXPECT(credential_is_empty(&found) == !*wanted);
	EXPECT(!found.origin == !*wanted);
}

static inline void expect_find_error(struct credentials *credentials, enum error_code code, const char *part)
{
	CLEANUP(credential_release) struct credential found = CREDENTIAL_INIT;
	CLEANUP(error_clear) struct error err = ERROR_INIT;

	EXPECT_ERROR(credentials_find(credentials, "quay.io", "a", &found, &err), &err, code, part);
	EXPECT(credential_is_empty(&found));
}
