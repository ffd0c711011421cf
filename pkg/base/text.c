/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Length of the UTF-8 sequence at text and its code point; 0 if it is not valid UTF-8. */
static size_t decode_utf8(const unsigned char *text, size_t length, uint32_t *code_point)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t size = text[0] < 0x80   ? 1
		      : text[0] < 0xC2 ? 0
		      : text[0] < 0xE0 ? 2
		      : text[0] < 0xF0 ? 3
		      : text[0] < 0xF5 ? 4
				       : 0;

	if (!size || size > length)
		return 0;
	uint32_t value = size == 1 ? text[0] : text[0] & (0x7Fu >> size);
	for (size_t i = 1; i < size; i++) {
		if ((text[i] & 0xC0) != 0x80)
			return 0;
		value = value << 6 | (text[i] & 0x3F);
	}
	if (value < smallest[size] || value > 0x10FFFF || (value >= 0xD800 && value < 0xE000))
		return 0;
	*code_point = value;
	return size;
}

static bool is_safe(uint32_t code_point)
{
	return code_point >= 0x20 && code_point != 0x7F && !(code_point >= 0x80 && code_point < 0xA0) &&
	       !(code_point >= 0x202A && code_point <= 0x202E) &&
	       !(code_point >= 0x2066 && code_point <= 0x2069) && code_point != 0x061C &&
	       code_point != 0x200E && code_point != 0x200F && code_point != 0x2028 && code_point != 0x2029;
}

void text_escape(struct strbuf *out, const char *text, size_t length, size_t max_length)
{
	size_t start = out->len;

	for (size_t i = 0; i < length;) {
		uint32_t code_point;
		const unsigned char *here = (const unsigned char *)text + i;
		size_t size = decode_utf8(here, length - i, &code_point);

		if (out->len - start >= max_length) {
			strbuf_add_string(out, "...");
			return;
		}
		if (size && is_safe(code_point))
			strbuf_add(out, here, size);
		else if (size > 1)
			strbuf_addf(out, "\\u{%" PRIx32 "}", code_point);
		else
			strbuf_addf(out, "\\x%02x", here[0]);
		i += size ? size : 1;
	}
}

char *text_escaped(const char *text)
{
	struct strbuf out = STRBUF_INIT;

	text_escape(&out, text, strlen(text), 1024);
	return strbuf_detach(&out);
}

bool text_starts_with(const char *text, const char *prefix)
{
	return !strncmp(text, prefix, strlen(prefix));
}

bool text_ends_with(const char *text, const char *suffix)
{
	size_t length = strlen(text), suffix_length = strlen(suffix);

	return length >= suffix_length && !strcmp(text + length - suffix_length, suffix);
}

/* Reads the digits at *text, moves it behind them; false if there are none or too many. */
static bool read_digits(const char **text, uint64_t *number)
{
	const char *start = *text;

	*number = 0;
	for (; **text >= '0' && **text <= '9'; (*text)++)
		if (__builtin_mul_overflow(*number, 10u, number) ||
		    __builtin_add_overflow(*number, (uint64_t)(**text - '0'), number))
			return false;
	return *text > start;
}

int text_parse_size(const char *text, uint64_t *size_bytes, struct error *err)
{
	static const char letters[] = "KMGT";
	const char *rest = text;
	uint64_t value;
	bool is_valid = read_digits(&rest, &value);

	if (is_valid && *rest) {
		const char *letter = strchr(letters, *rest++);
		uint64_t unit = *rest == 'i' ? 1024 : 1000;

		is_valid = letter != NULL;
		rest += *rest == 'i';
		for (ptrdiff_t i = letter ? letter - letters : -1; i >= 0 && is_valid; i--)
			is_valid = !__builtin_mul_overflow(value, unit, &value);
	}
	if (!is_valid || *rest) {
		CLEANUP(free_string) char *shown = text_escaped(text);
		return error_set(err, ERROR_USAGE, "'%s' is not a size; examples: 650M, 4G, 25Gi", shown);
	}
	*size_bytes = value;
	return 0;
}

int text_parse_number(const char *text, uint64_t maximum, uint64_t *number, struct error *err)
{
	const char *rest = text;
	uint64_t value;

	if (!read_digits(&rest, &value) || *rest || value > maximum) {
		CLEANUP(free_string) char *shown = text_escaped(text);
		return error_set(err, ERROR_USAGE, "'%s' is not a number from 0 to %" PRIu64, shown, maximum);
	}
	*number = value;
	return 0;
}

const char *text_format_size(uint64_t size_bytes, char out[TEXT_SIZE_LENGTH])
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
	double value = (double)size_bytes;
	size_t unit = 0;

	while (value >= 1000 && unit + 1 < ARRAY_LENGTH(units)) {
		value /= 1024;
		unit++;
	}
	snprintf(out, TEXT_SIZE_LENGTH,
		 unit == 0     ? "%.0f %s"
		 : value < 10  ? "%.2f %s"
		 : value < 100 ? "%.1f %s"
			       : "%.0f %s",
		 value, units[unit]);
	return out;
}
