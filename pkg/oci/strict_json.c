/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/strict_json.h"

#include <string.h>
#include <strings.h>

#include "base/strbuf.h"
#include "base/text.h"

/* Bounds depth and number of values before the parser, which recurses and allocates, sees the text.
 * It need not be valid JSON: then the parser will say so. */
static int check_shape(const char *bytes, size_t length, size_t max_values, struct error *err)
{
	size_t depth = 0, values = 0;
	bool is_in_string = false;

	for (size_t i = 0; i < length; i++) {
		char byte = bytes[i];

		if (is_in_string) {
			is_in_string = byte != '"';
			i += byte == '\\';
			continue;
		}
		is_in_string = byte == '"';
		values += byte == ',' || byte == '[' || byte == '{';
		if (byte == '[' || byte == '{')
			depth++;
		else if ((byte == ']' || byte == '}') && depth)
			depth--;
		if (depth > STRICT_JSON_MAX_DEPTH)
			return error_set(err, ERROR_INVALID, "JSON is nested deeper than %d levels",
					 STRICT_JSON_MAX_DEPTH);
		if (values > max_values)
			return error_set(err, ERROR_INVALID, "JSON holds more than %zu values", max_values);
	}
	return 0;
}

int strict_json_load(json_t **root, const void *bytes, size_t length, size_t max_values, struct error *err)
{
	json_error_t reason;

	if (!length)
		return error_set(err, ERROR_INVALID, "JSON is empty");
	if (check_shape(bytes, length, max_values, err) < 0)
		return -1;
	CLEANUP(json_decrefp) json_t *value = json_loadb(bytes, length, JSON_REJECT_DUPLICATES, &reason);
	if (!value) {
		CLEANUP(free_string) char *shown = text_escaped(reason.text);
		return error_set(err, ERROR_INVALID, "JSON is malformed at line %d, column %d: %s",
				 reason.line, reason.column, shown);
	}
	if (!json_is_object(value))
		return error_set(err, ERROR_INVALID, "JSON is not an object");
	*root = steal(&value);
	return 0;
}

/* Go folds two letters outside ASCII too: U+017F (long s) to s, U+212A (kelvin sign) to k. */
static void fold_key(struct strbuf *out, const char *key)
{
	static const char long_s[] = "\xC5\xBF", kelvin[] = "\xE2\x84\xAA";

	while (*key) {
		bool is_long_s = text_starts_with(key, long_s), is_kelvin = text_starts_with(key, kelvin);

		strbuf_add_char(out, is_long_s ? 's' : is_kelvin ? 'k' : *key);
		key += is_long_s ? strlen(long_s) : is_kelvin ? strlen(kelvin) : 1;
	}
}

static int check_key(const char *key, const char *const known[], struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf folded = STRBUF_INIT;

	fold_key(&folded, key);
	for (size_t i = 0; known[i]; i++) {
		if (!strcmp(key, known[i]) || strcasecmp(folded.buf, known[i]) != 0)
			continue;
		CLEANUP(free_string) char *shown = text_escaped(key);
		return error_set(err, ERROR_INVALID,
				 "key '%s' differs from '%s' only in case, so that tools disagree about it",
				 shown, known[i]);
	}
	return 0;
}

int strict_json_check_keys(const json_t *object, const char *const known[], struct error *err)
{
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)object, key, value)
		if (check_key(key, known, err) < 0)
			return -1;
	return 0;
}

json_t *strict_json_get(const json_t *object, const char *key)
{
	json_t *member = json_object_get(object, key);

	return json_is_null(member) ? NULL : member;
}

int strict_json_string(const json_t *object, const char *key, char **text, struct error *err)
{
	const json_t *member = strict_json_get(object, key);

	if (member && !json_is_string(member))
		return error_set(err, ERROR_INVALID, "%s is not a string", key);
	*text = member ? xstrdup(json_string_value(member)) : NULL;
	return 0;
}

int strict_json_object(const json_t *object, const char *key, json_t **member, struct error *err)
{
	*member = strict_json_get(object, key);
	if (*member && !json_is_object(*member))
		return error_set(err, ERROR_INVALID, "%s is not an object", key);
	return 0;
}
