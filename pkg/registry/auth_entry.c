/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/auth_entry.h"

#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "registry/secret.h"

static const char *read_user_and_password(struct credential *credential, const char *encoded)
{
	CLEANUP(secret_release) struct strbuf pair = STRBUF_INIT;

	if (!base64_decode(&pair, encoded))
		return "its auth is not base64";
	/* Old versions of docker pad the password with NULs. */
	while (pair.len && pair.buf[pair.len - 1] == '\0')
		strbuf_set_length(&pair, pair.len - 1);
	if (strlen(pair.buf) != pair.len)
		return "its auth has a NUL byte inside";
	const char *colon = strchr(pair.buf, ':');
	if (!colon)
		return "its auth has no colon between user and password";
	if (colon == pair.buf)
		return colon[1] ? "its auth has no user" : NULL;
	credential->user = xstrndup(pair.buf, (size_t)(colon - pair.buf));
	credential->password = xstrdup(colon + 1);
	return NULL;
}

/* Beside an identity token user and password are for token servers that do not take it; what is wrong with
 * them does not matter then, and without a password (Azure's entries have none) they are of no use. */
static void keep_password(struct credential *credential, const char *encoded, char **user, char **password)
{
	if (*user && *password) {
		credential->user = steal(user);
		credential->password = steal(password);
	} else if (encoded && !read_user_and_password(credential, encoded) && credential->user &&
		   !*credential->password) {
		secret_freep(&credential->user);
		secret_freep(&credential->password);
	}
}

/* A bearer token goes into a header as it is. */
static bool is_header_safe(const char *token)
{
	for (; *token; token++)
		if (*token <= ' ' || *token > '~')
			return false;
	return true;
}

const char *auth_entry_read(struct credential *credential, const struct node *node)
{
	if (node_type(node) != NODE_OBJECT)
		return node_type(node) == NODE_ABSENT ? NULL : "it is not an object";
	struct node nodes[] = {
		node_member(node, "identitytoken"), node_member(node, "registrytoken"),
		node_member(node, "auth"),          node_member(node, "username"),
		node_member(node, "password"),
	};
	CLEANUP(secret_freep) char *identity = secret_take(&nodes[0]);
	CLEANUP(secret_freep) char *token = secret_take(&nodes[1]);
	CLEANUP(secret_freep) char *encoded = secret_take(&nodes[2]);
	CLEANUP(secret_freep) char *user = secret_take(&nodes[3]);
	CLEANUP(secret_freep) char *password = secret_take(&nodes[4]);

	for (size_t i = 0; i < ARRAY_LENGTH(nodes); i++)
		if (node_type(&nodes[i]) != NODE_ABSENT && node_type(&nodes[i]) != NODE_STRING)
			return "one of its members is not a string";
	if (identity) {
		credential->identity_token = steal(&identity);
		keep_password(credential, encoded, &user, &password);
	} else if (token) {
		if (!is_header_safe(token))
			return "its registrytoken is not a token";
		credential->registry_token = steal(&token);
	} else if (encoded) {
		return read_user_and_password(credential, encoded);
	} else if (user && password) {
		credential->user = steal(&user);
		credential->password = steal(&password);
	}
	return NULL;
}
