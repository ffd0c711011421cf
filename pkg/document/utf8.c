/* SPDX-License-Identifier: Apache-2.0 */
#include "document/utf8.h"

size_t utf8_next(const char *text, uint32_t *code_point)
{
	const unsigned char *bytes = (const unsigned char *)text;
	unsigned char lead = bytes[0];
	if (lead < 0x80) {
		*code_point = lead;
		return 1;
	}

	size_t length = lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
	unsigned char lowest = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
	unsigned char highest = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
	if (!length || bytes[1] < lowest || bytes[1] > highest)
		return 0;

	uint32_t value = lead & (0x7Fu >> length);
	for (size_t i = 1; i < length; i++) {
		if ((bytes[i] & 0xC0) != 0x80)
			return 0;
		value = value << 6 | (bytes[i] & 0x3Fu);
	}
	*code_point = value;
	return length;
}

bool utf8_is_control(uint32_t code_point)
{
	return code_point < 0x20 || (code_point >= 0x7F && code_point < 0xA0) || code_point == 0x2028 ||
	       code_point == 0x2029 || code_point == 0xFEFF || code_point == 0xFFFE || code_point == 0xFFFF;
}
