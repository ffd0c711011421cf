/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A line is cut at the commas outside of quotes. A piece is "scheme", "scheme parameter", "scheme token68"
 * or "parameter" (RFC 9110 sections 11.2, 11.3 and 5.6.1): only the first three begin a challenge, so a
 * malformed one ends where the next scheme begins.
 */
#include "registry/challenge.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/strbuf.h"
#include "base/text.h"

#define HEADER_LIMIT_BYTES 16384
#define PARAMETERS_LIMIT 64
#define OFFERED_LIMIT_BYTES 256

/* A challenge while it is being read. */
struct candidate {
	char *scheme;        /* NULL: none has begun */
	struct strvec names; /* of its parameters in lower case: none may come twice */
	struct challenge values;
	bool is_malformed;
};

/* A part of a line that has not been read yet. */
struct cursor {
	const char *at;
	const char *end;
};

void challenge_release(struct challenge *challenge)
{
	free(challenge->realm);
	free(challenge->service);
	free(challenge->scope);
	free(challenge->error);
	free(challenge->offered);
	*challenge = (struct challenge)CHALLENGE_INIT;
}

static void candidate_release(struct candidate *candidate)
{
	free(candidate->scheme);
	strvec_release(&candidate->names);
	challenge_release(&candidate->values);
	*candidate = (struct candidate){0};
}

static bool is_token_character(unsigned char c)
{
	return isascii(c) && (isalnum(c) || (c && strchr("!#$%&'*+-.^_`|~", c)));
}

static bool is_control(unsigned char c)
{
	return c < 0x20 || c == 0x7F;
}

static void skip_space(struct cursor *cursor)
{
	while (cursor->at < cursor->end && (*cursor->at == ' ' || *cursor->at == '\t'))
		cursor->at++;
}

/* The token here, or NULL. The caller frees it. */
static char *read_token(struct cursor *cursor)
{
	const char *start = cursor->at;

	while (cursor->at < cursor->end && is_token_character((unsigned char)*cursor->at))
		cursor->at++;
	return cursor->at > start ? xstrndup(start, (size_t)(cursor->at - start)) : NULL;
}

/* The text in quotes here, or NULL when the quotes are not closed or hold control characters. */
static char *read_quoted(struct cursor *cursor)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;

	for (cursor->at++; cursor->at < cursor->end && *cursor->at != '"'; cursor->at++) {
		if (*cursor->at == '\\' && ++cursor->at == cursor->end)
			return NULL;
		if (is_control((unsigned char)*cursor->at))
			return NULL;
		strbuf_add_char(&text, *cursor->at);
	}
	if (cursor->at == cursor->end)
		return NULL;
	cursor->at++;
	return strbuf_detach(&text);
}

static bool is_token68(struct cursor cursor)
{
	const char *start = cursor.at;

	while (cursor.at < cursor.end && isascii((unsigned char)*cursor.at) &&
	       (isalnum((unsigned char)*cursor.at) || strchr("-._~+/", *cursor.at)))
		cursor.at++;
	if (cursor.at == start)
		return false;
	while (cursor.at < cursor.end && *cursor.at == '=')
		cursor.at++;
	skip_space(&cursor);
	return cursor.at == cursor.end;
}

static char **value_named(struct challenge *values, const char *name)
{
	if (!strcmp(name, "realm"))
		return &values->realm;
	if (!strcmp(name, "service"))
		return &values->service;
	if (!strcmp(name, "scope"))
		return &values->scope;
	if (!strcmp(name, "error"))
		return &values->error;
	return NULL;
}

/* One "name = value" that fills the rest of the piece; false when it is malformed. */
static bool read_parameter(struct candidate *candidate, struct cursor cursor)
{
	CLEANUP(free_string) char *name = read_token(&cursor);

	skip_space(&cursor);
	if (!name || cursor.at == cursor.end || *cursor.at != '=')
		return false;
	cursor.at++;
	skip_space(&cursor);
	bool is_quoted = cursor.at < cursor.end && *cursor.at == '"';
	CLEANUP(free_string) char *value = is_quoted ? read_quoted(&cursor) : read_token(&cursor);
	skip_space(&cursor);
	if (!value || cursor.at != cursor.end || candidate->names.count == PARAMETERS_LIMIT)
		return false;
	for (char *letter = name; *letter; letter++)
		*letter = (char)tolower((unsigned char)*letter);
	if (strvec_contains(&candidate->names, name))
		return false;
	char **place = value_named(&candidate->values, name);
	if (place)
		*place = steal(&value);
	strvec_push_take(&candidate->names, steal(&name));
	return true;
}

/* Takes the finished candidate if it is better than what is there, and empties it. */
static void finish_candidate(struct challenge *best, struct candidate *candidate)
{
	const char *realm = candidate->values.realm;

	if (!candidate->scheme || candidate->is_malformed) {
		candidate_release(candidate);
		return;
	}
	if (!strcasecmp(candidate->scheme, "bearer") && realm && *realm && best->scheme != CHALLENGE_BEARER) {
		challenge_release(best);
		*best = steal(&candidate->values);
		best->scheme = CHALLENGE_BEARER;
	} else if (!strcasecmp(candidate->scheme, "basic") && best->scheme == CHALLENGE_NONE) {
		best->scheme = CHALLENGE_BASIC;
	}
	candidate_release(candidate);
}

/* One piece between commas. */
static void read_piece(struct challenge *best, struct candidate *candidate, struct strvec *offered,
		       struct cursor cursor)
{
	skip_space(&cursor);
	if (cursor.at == cursor.end)
		return;
	struct cursor start = cursor;
	CLEANUP(free_string) char *scheme = read_token(&cursor);
	const char *behind = cursor.at;
	skip_space(&cursor);
	bool is_at_end = cursor.at == cursor.end;
	if (!scheme || (!is_at_end && (*cursor.at == '=' || cursor.at == behind))) {
		if (!read_parameter(candidate, start))
			candidate->is_malformed = true;
		return;
	}
	finish_candidate(best, candidate);
	if (!strvec_contains(offered, scheme) && offered->count < PARAMETERS_LIMIT)
		strvec_push(offered, scheme);
	candidate->scheme = steal(&scheme);
	if (!is_at_end && !read_parameter(candidate, cursor) && !is_token68(cursor))
		candidate->is_malformed = true;
}

/* The next comma outside of quotes, or the end. */
static const char *piece_end(const char *text)
{
	bool is_quoted = false;

	for (; *text && (is_quoted || *text != ','); text++) {
		if (*text == '"')
			is_quoted = !is_quoted;
		else if (is_quoted && *text == '\\' && text[1])
			text++;
	}
	return text;
}

static void read_line(struct challenge *best, struct strvec *offered, const char *line)
{
	CLEANUP(candidate_release) struct candidate candidate = {0};

	for (;;) {
		const char *end = piece_end(line);

		read_piece(best, &candidate, offered, (struct cursor){.at = line, .end = end});
		if (!*end)
			break;
		line = end + 1;
	}
	finish_candidate(best, &candidate);
}

void challenge_parse(struct challenge *challenge, const struct strvec *lines)
{
	CLEANUP(strvec_release) struct strvec offered = STRVEC_INIT;
	CLEANUP(strbuf_release) struct strbuf names = STRBUF_INIT;
	struct challenge best = CHALLENGE_INIT;
	size_t total_bytes = 0;

	for (size_t i = 0; i < lines->count; i++) {
		size_t length_bytes = strlen(lines->items[i]);

		if (length_bytes > HEADER_LIMIT_BYTES - total_bytes)
			continue;
		total_bytes += length_bytes;
		read_line(&best, &offered, lines->items[i]);
	}
	for (size_t i = 0; i < offered.count; i++)
		strbuf_addf(&names, "%s%s", i ? ", " : "", offered.items[i]);
	struct strbuf shown = STRBUF_INIT;
	text_escape(&shown, names.buf, names.len, OFFERED_LIMIT_BYTES);
	*challenge = best;
	challenge->offered = strbuf_detach(&shown);
}
