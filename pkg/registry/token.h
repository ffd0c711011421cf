/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One bearer token from a token server (distribution: "Token Authentication Specification" and
 * "OAuth2 Token Authentication").
 *
 * Private to this module.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "registry/challenge.h"
#include "registry/credentials.h"
#include "registry/endpoint.h"

struct token {
	char *value;
	char *refresh_token;  /* to be used from now on, or NULL */
	bool has_lifetime;    /* else it is good until a 401 says otherwise (Quay) */
	uint64_t lifetime_ms; /* 60 s to 24 h */
};

#define TOKEN_INIT {0}
void token_release(struct token *token); /* wipes */

struct token_request {
	const struct endpoint *endpoint;
	const struct challenge *challenge;   /* with a realm */
	const struct credential *credential; /* empty: anonymous */
	const char *refresh_token;           /* in place of the credential's identity token, or NULL */
	const struct strvec *scopes;
};

/* With an identity token: POST, and GET if that is not supported and there is a password. Else GET.
 * Asks once: ERROR_TRANSIENT where asking again may help. ERROR_UNAUTHORIZED when the server refuses. */
int token_fetch(struct registry_session *session, const struct token_request *request, struct token *token,
		struct error *err) MUST_CHECK;

/* Whether text may stand in an Authorization header: printable ASCII without spaces, at most 16 KiB. */
bool token_is_usable(const char *text);
/* "Basic ..." for user and password. The caller wipes it. */
char *token_basic_header(const struct credential *credential);
