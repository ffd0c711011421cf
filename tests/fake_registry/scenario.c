/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fake_registry/scenario.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/strvec.h"
#include "base/text.h"

/* A field of a struct that a KEY=VALUE may set. */
enum field_kind { FIELD_TEXT, FIELD_FLAG, FIELD_UNSIGNED, FIELD_NUMBER, FIELD_SIGNED, FIELD_INT };

struct field {
	const char *name;
	enum field_kind kind;
	size_t offset;
};

#define OPTION(name_, kind_, field_) \
	{ \
		name_, kind_, offsetof(struct fake_options, field_) \
	}
static const struct field option_fields[] = {
	OPTION("address", FIELD_TEXT, address),
	OPTION("use-tls", FIELD_FLAG, use_tls),
	OPTION("certificate-name", FIELD_TEXT, certificate_name),
	OPTION("asks-for-client-certificate", FIELD_FLAG, asks_for_client_certificate),
	OPTION("requires-client-certificate", FIELD_FLAG, requires_client_certificate),
	OPTION("user", FIELD_TEXT, user),
	OPTION("password", FIELD_TEXT, password),
	OPTION("identity-token", FIELD_TEXT, identity_token),
	OPTION("realm", FIELD_TEXT, realm),
	OPTION("service", FIELD_TEXT, service),
	OPTION("token-seconds", FIELD_UNSIGNED, token_seconds),
	OPTION("no-token-post", FIELD_FLAG, no_token_post),
	OPTION("allows-anonymous-pull", FIELD_FLAG, allows_anonymous_pull),
	OPTION("accepts-missing-references", FIELD_FLAG, accepts_missing_references),
	OPTION("has-referrers", FIELD_FLAG, has_referrers),
	OPTION("absolute-locations", FIELD_FLAG, absolute_locations),
	OPTION("page-size", FIELD_UNSIGNED, page_size),
};

#define RULE(name_, kind_, field_) \
	{ \
		name_, kind_, offsetof(struct fake_rule, field_) \
	}
static const struct field rule_fields[] = {
	RULE("method", FIELD_TEXT, method),
	RULE("path", FIELD_TEXT, path),
	RULE("header", FIELD_TEXT, header),
	RULE("skip", FIELD_UNSIGNED, skip),
	RULE("first", FIELD_UNSIGNED, first),
	RULE("every", FIELD_UNSIGNED, every),
	RULE("delay-ms", FIELD_UNSIGNED, delay_ms),
	RULE("body-limit-bytes", FIELD_NUMBER, body_limit_bytes),
	RULE("drop", FIELD_FLAG, drop),
	RULE("reset", FIELD_FLAG, reset),
	RULE("answers-early", FIELD_FLAG, answers_early),
	RULE("performs", FIELD_FLAG, performs),
	RULE("status", FIELD_INT, status),
	RULE("body", FIELD_TEXT, body),
	RULE("retry-after", FIELD_TEXT, retry_after),
	RULE("redirect", FIELD_TEXT, redirect),
	RULE("raw", FIELD_TEXT, raw),
	RULE("headers", FIELD_TEXT, headers),
	RULE("header-padding-bytes", FIELD_NUMBER, header_padding_bytes),
	RULE("no-range", FIELD_FLAG, no_range),
	RULE("content-length-delta", FIELD_SIGNED, content_length_delta),
	RULE("no-content-length", FIELD_FLAG, no_content_length),
	RULE("chunked", FIELD_FLAG, chunked),
	RULE("endless", FIELD_FLAG, endless),
	RULE("corrupt", FIELD_FLAG, corrupt),
	RULE("corrupt-offset", FIELD_NUMBER, corrupt_offset),
	RULE("cut-after-bytes", FIELD_NUMBER, cut_after_bytes),
	RULE("cut-connection-bytes", FIELD_NUMBER, cut_connection_bytes),
	RULE("cut-at-once", FIELD_FLAG, cut_at_once),
	RULE("stall-after-bytes", FIELD_NUMBER, stall_after_bytes),
	RULE("stall", FIELD_FLAG, stall),
	RULE("trickle-ms", FIELD_UNSIGNED, trickle_ms),
};

#define IMAGE(name_, kind_, field_) \
	{ \
		name_, kind_, offsetof(struct fake_image, field_) \
	}
static const struct field image_fields[] = {
	IMAGE("tag", FIELD_TEXT, tag),
	IMAGE("seed", FIELD_UNSIGNED, seed),
	IMAGE("n-layers", FIELD_UNSIGNED, n_layers),
	IMAGE("layer-size", FIELD_NUMBER, layer_size),
	IMAGE("is-docker", FIELD_FLAG, is_docker),
	IMAGE("architecture", FIELD_TEXT, architecture),
};

static int set_number(const struct field *field, void *place, const char *value, struct error *err)
{
	bool is_negative = field->kind == FIELD_SIGNED && *value == '-';
	uint64_t maximum = field->kind == FIELD_UNSIGNED ? UINT32_MAX
			   : field->kind == FIELD_INT    ? INT32_MAX
							 : INT64_MAX;
	uint64_t number;

	if (text_parse_number(value + is_negative, maximum, &number, err) < 0)
		return error_wrap(err, "%s", field->name);
	if (field->kind == FIELD_UNSIGNED)
		*(unsigned *)place = (unsigned)number;
	else if (field->kind == FIELD_INT)
		*(int *)place = (int)number;
	else if (field->kind == FIELD_SIGNED)
		*(int64_t *)place = is_negative ? -(int64_t)number : (int64_t)number;
	else
		*(uint64_t *)place = number;
	return 0;
}

/* `word` is KEY=VALUE or FLAG; texts stay borrowed from it. */
static int set_field(const struct field *fields, size_t n_fields, void *object, char *word, struct error *err)
{
	size_t length = strcspn(word, "=");
	const char *value = word[length] ? word + length + 1 : "";

	for (size_t i = 0; i < n_fields; i++) {
		void *place = (char *)object + fields[i].offset;
		if (strlen(fields[i].name) != length || strncmp(fields[i].name, word, length) != 0)
			continue;
		if (fields[i].kind == FIELD_FLAG)
			*(bool *)place = true;
		else if (fields[i].kind == FIELD_TEXT)
			*(const char **)place = value;
		else
			return set_number(&fields[i], place, value, err);
		return 0;
	}
	return error_set(err, ERROR_INVALID, "%.*s: no such key", (int)length, word);
}

static int set_fields(const struct field *fields, size_t n_fields, void *object, const struct strvec *words,
		      size_t first, struct error *err)
{
	for (size_t i = first; i < words->count; i++)
		if (set_field(fields, n_fields, object, words->items[i], err) < 0)
			return -1;
	return 0;
}

static struct fake_registry *find(const struct scenario *scenario, const char *name, size_t length)
{
	for (size_t i = 0; i < scenario->n_listeners; i++)
		if (strlen(scenario->listeners[i].name) == length &&
		    !strncmp(scenario->listeners[i].name, name, length))
			return scenario->listeners[i].registry;
	return NULL;
}

/* --- statements */

static int set_listener_word(struct scenario *scenario, struct fake_options *options, char *word,
			     struct error *err)
{
	if (!strcmp(word, "auth=basic"))
		options->auth = FAKE_AUTH_BASIC;
	else if (!strcmp(word, "auth=bearer"))
		options->auth = FAKE_AUTH_BEARER;
	else if (!strcmp(word, "auth=none"))
		options->auth = FAKE_AUTH_NONE;
	else if (!text_starts_with(word, "shares="))
		return set_field(option_fields, ARRAY_LENGTH(option_fields), options, word, err);
	else if (!(options->shares_content_with = find(scenario, word + 7, strlen(word + 7))))
		return error_set(err, ERROR_INVALID, "%s: no such listener", word);
	return 0;
}

static int run_listener(struct scenario *scenario, const struct strvec *words, struct error *err)
{
	CLEANUP(free_string) char *log_path = NULL;
	struct fake_options options = {.authority = scenario->authority};

	for (size_t i = 2; i < words->count; i++)
		if (set_listener_word(scenario, &options, words->items[i], err) < 0)
			return -1;
	if (scenario->log_directory) {
		log_path = xasprintf("%s/%s.log", scenario->log_directory, words->items[1]);
		options.log_path = log_path;
	}
	array_grow(scenario->listeners, scenario->n_listeners, scenario->allocated);
	scenario->listeners[scenario->n_listeners++] = (struct scenario_listener){
		.name = xstrdup(words->items[1]),
		.registry = fake_registry_start(&options),
	};
	return 0;
}

static int run_rule(struct fake_registry *registry, const struct strvec *words, struct error *err)
{
	struct fake_rule rule = {0};

	if (set_fields(rule_fields, ARRAY_LENGTH(rule_fields), &rule, words, 2, err) < 0)
		return -1;
	fake_registry_add_rule(registry, &rule);
	return 0;
}

static int run_image(struct fake_registry *registry, const struct strvec *words, struct error *err)
{
	struct fake_image image = {.n_layers = 1, .layer_size = 1000};

	if (set_fields(image_fields, ARRAY_LENGTH(image_fields), &image, words, 3, err) < 0)
		return -1;
	fake_registry_add_image(registry, words->items[2], &image, NULL);
	return 0;
}

static int run_file(struct fake_registry *registry, const struct strvec *words, bool is_manifest,
		    struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;

	if (words->count < (is_manifest ? 5u : 4u))
		return error_set(err, ERROR_INVALID, "%s: words are missing", words->items[0]);
	if (file_read(AT_FDCWD, words->items[3], (size_t)1 << 32, &bytes, err) < 0)
		return -1;
	if (is_manifest)
		fake_registry_add_manifest(registry, words->items[2],
					   words->count > 5 ? words->items[5] : NULL, words->items[4],
					   bytes.buf, bytes.len, NULL);
	else
		fake_registry_add_blob(registry, words->items[2], bytes.buf, bytes.len, NULL);
	return 0;
}

static int run_statement(struct scenario *scenario, const struct strvec *words, struct error *err)
{
	const char *verb = words->items[0];

	if (words->count < 2)
		return error_set(err, ERROR_INVALID, "%s: words are missing", verb);
	if (!strcmp(verb, "listener"))
		return run_listener(scenario, words, err);
	struct fake_registry *registry = find(scenario, words->items[1], strlen(words->items[1]));
	if (!registry)
		return error_set(err, ERROR_INVALID, "%s: no such listener", words->items[1]);
	if (!strcmp(verb, "rule"))
		return run_rule(registry, words, err);
	if (words->count < 3)
		return error_set(err, ERROR_INVALID, "%s: words are missing", verb);
	if (!strcmp(verb, "image"))
		return run_image(registry, words, err);
	if (!strcmp(verb, "blob") || !strcmp(verb, "manifest"))
		return run_file(registry, words, !strcmp(verb, "manifest"), err);
	return error_set(err, ERROR_INVALID, "%s: no such statement", verb);
}

/* --- reading */

/* ${NAME} at *text; moves it behind. */
static int add_variable(const struct scenario *scenario, const char **text, struct strbuf *word,
			struct error *err)
{
	const char *name = *text + 2;
	size_t length = strcspn(name, "}\n");
	bool wants_host = length > 5 && !strncmp(name + length - 5, ".host", 5);
	struct fake_registry *registry = find(scenario, name, wants_host ? length - 5 : length);

	if (!registry)
		return error_set(err, ERROR_INVALID, "%.*s: no such listener", (int)length, name);
	strbuf_add_string(word, wants_host ? fake_registry_host(registry) : fake_registry_url(registry));
	*text = name + length + (name[length] == '}');
	return 0;
}

static char escaped(char letter)
{
	return letter == 'n' ? '\n' : letter == 'r' ? '\r' : letter == 't' ? '\t' : letter;
}

static int read_word(const struct scenario *scenario, const char **text, struct strbuf *word,
		     struct error *err)
{
	bool is_quoted = false;

	while (**text && **text != '\n' && (is_quoted || !strchr(" \t\r#", **text))) {
		if (text_starts_with(*text, "${")) {
			if (add_variable(scenario, text, word, err) < 0)
				return -1;
			continue;
		}
		char letter = *(*text)++;
		if (letter == '"')
			is_quoted = !is_quoted;
		else if (letter == '\\' && is_quoted && **text)
			strbuf_add_char(word, escaped(*(*text)++));
		else
			strbuf_add_char(word, letter);
	}
	return is_quoted ? error_set(err, ERROR_INVALID, "a quote is not closed") : 0;
}

static int run_line(struct scenario *scenario, const char **text, struct error *err)
{
	CLEANUP(strvec_release) struct strvec words = STRVEC_INIT;

	for (;;) {
		CLEANUP(strbuf_release) struct strbuf word = STRBUF_INIT;
		*text += strspn(*text, " \t\r");
		if (**text == '#')
			*text += strcspn(*text, "\n");
		if (!**text || **text == '\n')
			break;
		if (read_word(scenario, text, &word, err) < 0)
			return -1;
		strvec_push(&words, word.buf);
	}
	*text += **text == '\n';
	return words.count ? run_statement(scenario, &words, err) : 0;
}

int scenario_run(struct scenario *scenario, const char *text, struct error *err)
{
	for (unsigned line = 1; *text; line++)
		if (run_line(scenario, &text, err) < 0)
			return error_wrap(err, "line %u", line);
	return 0;
}

/* Listeners share the content of earlier ones: the last goes first. */
void scenario_release(struct scenario *scenario)
{
	for (size_t i = scenario->n_listeners; i-- > 0;) {
		fake_registry_stop(scenario->listeners[i].registry);
		free(scenario->listeners[i].name);
	}
	free(scenario->listeners);
}
