/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/reference_grammar.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/memory.h"
#include "oci/reference.h"

#define MAX_TAG_LENGTH 128
#define MAX_PATH_LENGTH 255
#define MAX_HOST_LENGTH 255
#define MIN_DIGEST_HEX_LENGTH 32

static bool is_digit(char character)
{
	return character >= '0' && character <= '9';
}

static bool is_letter(char character)
{
	return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z');
}

static bool is_lower_alphanumeric(char character)
{
	return (character >= 'a' && character <= 'z') || is_digit(character);
}

static bool is_hex(char character)
{
	return is_digit(character) || (character >= 'a' && character <= 'f') ||
	       (character >= 'A' && character <= 'F');
}

static struct span span_of(const char *text)
{
	return (struct span){.text = text, .length = strlen(text)};
}

static struct span span_between(const char *start, const char *end)
{
	return (struct span){.text = start, .length = (size_t)(end - start)};
}

static const char *span_end(struct span span)
{
	return span.text + span.length;
}

/* Takes the part before the first `separator`, or all of it, off the front of *rest. */
static struct span span_take(struct span *rest, char separator)
{
	const char *end = memchr(rest->text, separator, rest->length);
	struct span taken = end ? span_between(rest->text, end) : *rest;

	*rest = end ? span_between(end + 1, span_end(*rest)) : span_between(span_end(*rest), span_end(*rest));
	return taken;
}

static size_t separator_length(struct span rest)
{
	size_t length = 0;

	if (rest.text[0] == '.')
		return 1;
	if (rest.text[0] == '_')
		return rest.length > 1 && rest.text[1] == '_' ? 2 : 1;
	while (length < rest.length && rest.text[length] == '-')
		length++;
	return length;
}

static bool is_component(struct span span)
{
	for (size_t i = 0;;) {
		size_t start = i;

		while (i < span.length && is_lower_alphanumeric(span.text[i]))
			i++;
		if (i == start)
			return false;
		if (i == span.length)
			return true;
		size_t length = separator_length(span_between(span.text + i, span_end(span)));
		if (!length)
			return false;
		i += length;
	}
}

static bool is_path(struct span span)
{
	const char *end = span_end(span);

	while (is_component(span_take(&span, '/')))
		if (span.text == end)
			return end[-1] != '/';
	return false;
}

static bool is_host_label(struct span label)
{
	if (!label.length || label.text[0] == '-' || label.text[label.length - 1] == '-')
		return false;
	for (size_t i = 0; i < label.length; i++)
		if (!is_letter(label.text[i]) && !is_digit(label.text[i]) && label.text[i] != '-')
			return false;
	return true;
}

static bool is_host_name(struct span span)
{
	const char *end = span_end(span);

	while (is_host_label(span_take(&span, '.')))
		if (span.text == end)
			return end[-1] != '.';
	return false;
}

static bool is_number(struct span span)
{
	for (size_t i = 0; i < span.length; i++)
		if (!is_digit(span.text[i]))
			return false;
	return span.length > 0;
}

/* The host of the grammar: a port may have any number of digits. */
static bool is_host(struct span span)
{
	bool has_port = memchr(span.text, ':', span.length) != NULL;

	return is_host_name(span_take(&span, ':')) && (!has_port || is_number(span));
}

static bool is_name(struct span span)
{
	struct span rest = span;

	return is_path(span) || (is_host(span_take(&rest, '/')) && is_path(rest));
}

static bool is_tag(struct span span)
{
	if (!span.length || span.length > MAX_TAG_LENGTH || span.text[0] == '.' || span.text[0] == '-')
		return false;
	for (size_t i = 0; i < span.length; i++)
		if (!is_letter(span.text[i]) && !is_digit(span.text[i]) && !strchr("_.-", span.text[i]))
			return false;
	return true;
}

/* Parts that begin with a letter, with one of "-_+." between them. */
static bool is_algorithm(struct span span)
{
	bool expects_letter = true;

	for (size_t i = 0; i < span.length; i++) {
		char character = span.text[i];

		if (expects_letter
			    ? !is_letter(character)
			    : !is_letter(character) && !is_digit(character) && !strchr("-_+.", character))
			return false;
		expects_letter = strchr("-_+.", character) != NULL;
	}
	return !expects_letter;
}

static bool is_digest(struct span span)
{
	if (!is_algorithm(span_take(&span, ':')) || span.length < MIN_DIGEST_HEX_LENGTH)
		return false;
	for (size_t i = 0; i < span.length; i++)
		if (!is_hex(span.text[i]))
			return false;
	return true;
}

/* Splits at the only places that the grammar allows; false if tag or digest are malformed. */
static bool split(const char *text, struct reference_parts *parts)
{
	struct span name = span_of(text);
	const char *at = strchr(text, '@');

	*parts = (struct reference_parts){0};
	if (at) {
		parts->digest = span_between(at + 1, span_end(name));
		name = span_between(text, at);
		if (!is_digest(parts->digest))
			return false;
	}
	const char *colon = memrchr(name.text, ':', name.length);
	if (colon && !memchr(colon, '/', (size_t)(span_end(name) - colon))) {
		parts->tag = span_between(colon + 1, span_end(name));
		name = span_between(text, colon);
		if (!is_tag(parts->tag))
			return false;
	}
	parts->name = name;
	return true;
}

bool reference_matches(const char *text, struct reference_parts *parts)
{
	return split(text, parts) && is_name(parts->name);
}

bool reference_matches_path(const char *text, struct reference_parts *parts)
{
	return split(text, parts) && is_path(parts->name);
}

static bool span_equals(struct span span, const char *text)
{
	return span.length == strlen(text) && !memcmp(span.text, text, span.length);
}

static bool has_capital(struct span span)
{
	for (size_t i = 0; i < span.length; i++)
		if (span.text[i] >= 'A' && span.text[i] <= 'Z')
			return true;
	return false;
}

const char *reference_digest_fault(struct span digest)
{
	static const struct {
		const char *name;
		size_t hex_length;
	} algorithms[] = {{"sha256", 64}, {"sha384", 96}, {"sha512", 128}};
	struct span hex = digest;
	struct span algorithm = span_take(&hex, ':');

	for (size_t i = 0; i < ARRAY_LENGTH(algorithms); i++) {
		if (!span_equals(algorithm, algorithms[i].name))
			continue;
		if (hex.length != algorithms[i].hex_length)
			return "invalid checksum digest length";
		return has_capital(hex) ? "invalid checksum digest format" : NULL;
	}
	return "unsupported digest algorithm";
}

bool reference_is_tag(const char *text)
{
	return is_tag(span_of(text));
}

bool reference_is_repository_path(const char *text)
{
	struct span span = span_of(text);

	return span.length <= MAX_PATH_LENGTH && is_path(span);
}

static bool is_port(struct span span)
{
	unsigned port = 0;

	if (!is_number(span) || span.length > 5)
		return false;
	for (size_t i = 0; i < span.length; i++)
		port = 10 * port + (unsigned)(span.text[i] - '0');
	return port > 0 && port <= 65535;
}

static bool is_ipv6(struct span span)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr address;

	if (span.length >= sizeof(text))
		return false;
	memcpy(text, span.text, span.length);
	text[span.length] = '\0';
	return inet_pton(AF_INET6, text, &address) == 1;
}

bool reference_is_host(const char *text)
{
	struct span rest = span_of(text);

	if (rest.length > MAX_HOST_LENGTH)
		return false;
	if (text[0] == '[') {
		const char *close = strchr(text, ']');

		return close && is_ipv6(span_between(text + 1, close)) &&
		       (!close[1] || (close[1] == ':' && is_port(span_of(close + 2))));
	}
	bool has_port = strchr(text, ':') != NULL;
	return is_host_name(span_take(&rest, ':')) && (!has_port || is_port(rest));
}
