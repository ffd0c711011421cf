/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/link_header.h"

#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/text.h"

/* The end of a link's parameters: the next comma outside of quotes, or the end. */
static const char *end_of_link(const char *text)
{
	bool is_quoted = false;

	for (; *text && (is_quoted || *text != ','); text++) {
		if (is_quoted && *text == '\\' && text[1])
			text++;
		else if (*text == '"')
			is_quoted = !is_quoted;
	}
	return text;
}

static bool is_next(const char *parameters, const char *end)
{
	CLEANUP(free_string) char *text = xstrndup(parameters, (size_t)(end - parameters));
	const char *relation = strcasestr(text, "rel=");

	if (!relation)
		return false;
	relation += strlen("rel=");
	return strncasecmp(relation, "\"next\"", 6) == 0 ||
	       (strncasecmp(relation, "next", 4) == 0 && strchr("; \t", relation[4]));
}

char *link_header_next(const char *header)
{
	while (header && *header) {
		const char *target = strchr(header, '<');
		const char *target_end = target ? strchr(target, '>') : NULL;

		if (!target_end)
			return NULL;
		const char *end = end_of_link(target_end + 1);
		if (is_next(target_end + 1, end))
			return xstrndup(target + 1, (size_t)(target_end - target - 1));
		header = *end ? end + 1 : end;
	}
	return NULL;
}
