/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/credential_helper.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/log.h"
#include "base/text.h"
#include "document/document.h"
#include "registry/child.h"
#include "registry/secret.h"

#define OUTPUT_LIMIT_BYTES (64 * 1024)

/* What a program says for "the secret is an OAuth2 refresh token". The second is Azure's, whose registries
 * take it with any secret. */
#define TOKEN_USER "<token>"
#define AZURE_TOKEN_USER "00000000-0000-0000-0000-000000000000"

bool credential_helper_is_name(const char *name)
{
	static const char first[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	static const char others[] = "abcdefghijklmnopqrstuvwxyz0123456789._-";

	return *name && strchr(first, *name) && strspn(name, others) == strlen(name) && strlen(name) < 128;
}

static int read_answer(struct credential *found, const char *program, const struct strbuf *answer,
		       struct error *err)
{
	CLEANUP(document_freep) struct document *document = NULL;

	if (secret_parse_json(&document, program, answer, err) < 0)
		return -1;
	struct node root = document_root(document);
	struct node user_node = node_member(&root, "Username"), secret_node = node_member(&root, "Secret");
	if (node_type(&root) != NODE_OBJECT || node_type(&user_node) != NODE_STRING ||
	    node_type(&secret_node) != NODE_STRING)
		return error_set(err, ERROR_INVALID, "%s: its answer has no Username and Secret", program);
	CLEANUP(secret_freep) char *user = secret_take(&user_node);
	CLEANUP(secret_freep) char *secret = secret_take(&secret_node);
	if (!user || !secret)
		return 0;
	if (!strcmp(user, TOKEN_USER) || !strcmp(user, AZURE_TOKEN_USER)) {
		found->identity_token = steal(&secret);
		return 0;
	}
	found->user = steal(&user);
	found->password = steal(&secret);
	return 0;
}

/* The program ended with a failure. Having nothing is one, told apart by its text. */
static int read_failure(const struct child *child, const char *program, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf shown = STRBUF_INIT;
	size_t length = child->errors.len;

	if (strstr(child->output.buf, "credentials not found") ||
	    strstr(child->errors.buf, "credentials not found"))
		return 0;
	while (length && strchr(" \t\r\n", child->errors.buf[length - 1]))
		length--;
	text_escape(&shown, child->errors.buf, length, 1024);
	if (WIFSIGNALED(child->status))
		error_set(err, ERROR_IO, "%s: killed by signal %d", program, WTERMSIG(child->status));
	else
		error_set(err, ERROR_IO, "%s: ended with status %d", program, WEXITSTATUS(child->status));
	return error_advise(err, "%s", shown.len ? shown.buf : "run it by hand with 'get' to see why");
}

int credential_helper_get(const char *name, const char *server, uint64_t timeout_ms, struct credential *found,
			  struct error *err)
{
	CLEANUP(child_release) struct child child = CHILD_INIT;
	CLEANUP(error_clear) struct error problem = ERROR_INIT;
	CLEANUP(free_string) char *program = xasprintf("docker-credential-%s", name);
	const char *const argv[] = {program, "get", NULL};

	if (!credential_helper_is_name(name)) {
		CLEANUP(free_string) char *shown = text_escaped(name);
		return error_set(err, ERROR_INVALID,
				 "'%s' cannot be a credential helper: letters a to z, digits, "
				 "'.', '_' and '-' are allowed",
				 shown);
	}
	if (child_start(&child, argv, server, &problem) < 0) {
		if (!error_is(&problem, ERROR_NOT_FOUND))
			return error_move(err, &problem);
		log_warning_once("%s; going on without it", problem.message);
		return 0;
	}
	if (child_finish(&child, timeout_ms, OUTPUT_LIMIT_BYTES, err) < 0)
		return error_is(err, ERROR_CANCELLED) ? -1 : error_wrap(err, "%s", program);
	if (WIFEXITED(child.status) && WEXITSTATUS(child.status) == 0)
		return read_answer(found, program, &child.output, err);
	return read_failure(&child, program, err);
}
