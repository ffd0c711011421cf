/* SPDX-License-Identifier: Apache-2.0 */
#include "document/core_schema.h"

#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static bool is_one_of(const char *text, const char *const *words)
{
	for (; *words; words++) {
		if (strcmp(text, *words) == 0)
			return true;
	}
	return false;
}

static size_t count_digits(const char *text)
{
	return strspn(text, "0123456789");
}

static const char *skip_sign(const char *text)
{
	return *text == '-' || *text == '+' ? text + 1 : text;
}

static bool is_decimal(const char *text)
{
	text = skip_sign(text);
	return *text && text[count_digits(text)] == '\0';
}

static bool has_radix(const char *text, const char *prefix, const char *digits)
{
	if (strncmp(text, prefix, 2) != 0 || !text[2])
		return false;
	return text[2 + strspn(text + 2, digits)] == '\0';
}

bool core_schema_is_number(const char *text)
{
	text = skip_sign(text);
	size_t before = count_digits(text);
	text += before;
	if (*text == '.') {
		size_t after = count_digits(text + 1);
		if (!before && !after)
			return false;
		text += 1 + after;
	} else if (!before) {
		return false;
	}
	if (*text == '\0')
		return true;
	if (*text != 'e' && *text != 'E')
		return false;
	text = skip_sign(text + 1);
	return *text && text[count_digits(text)] == '\0';
}

/* json_real refuses what is not finite, as JSON does. */
static json_t *real_value(const char *text)
{
	locale_t c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	if (!c_locale)
		abort();
	double value = strtod_l(text, NULL, c_locale);
	freelocale(c_locale);
	return json_real(value);
}

static json_t *integer_value(const char *text, const char *digits, int base)
{
	errno = 0;
	long long value = strtoll(digits, NULL, base);
	if (errno != ERANGE)
		return json_integer(value);
	if (base == 10)
		return real_value(text);
	errno = 0;
	return json_real((double)strtoull(digits, NULL, base));
}

json_t *core_schema_resolve(const char *text)
{
	static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
	static const char *const trues[] = {"true", "True", "TRUE", NULL};
	static const char *const falses[] = {"false", "False", "FALSE", NULL};
	static const char *const unlimited[] = {".inf", ".Inf", ".INF", NULL};
	static const char *const not_numbers[] = {".nan", ".NaN", ".NAN", NULL};

	if (is_one_of(text, nulls))
		return json_null();
	if (is_one_of(text, trues))
		return json_true();
	if (is_one_of(text, falses))
		return json_false();
	if (is_one_of(skip_sign(text), unlimited) || is_one_of(text, not_numbers))
		return NULL;
	if (is_decimal(text))
		return integer_value(text, text, 10);
	if (has_radix(text, "0o", "01234567"))
		return integer_value(text, text + 2, 8);
	if (has_radix(text, "0x", "0123456789abcdefABCDEF"))
		return integer_value(text, text + 2, 16);
	if (core_schema_is_number(text))
		return real_value(text);
	return json_string(text);
}
