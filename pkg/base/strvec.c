/* SPDX-License-Identifier: Apache-2.0 */
#include "base/strvec.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"

void strvec_release(struct strvec *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
	*list = (struct strvec)STRVEC_INIT;
}

void strvec_push_take(struct strvec *list, char *text)
{
	if (list->count + 2 > list->allocated) {
		list->allocated = list->allocated ? 2 * list->allocated : 8;
		list->items = xreallocarray(list->items, list->allocated, sizeof(*list->items));
	}
	list->items[list->count++] = text;
	list->items[list->count] = NULL;
}

void strvec_push(struct strvec *list, const char *text)
{
	strvec_push_take(list, xstrdup(text));
}

void strvec_pushf(struct strvec *list, const char *format, ...)
{
	struct strbuf text = STRBUF_INIT;
	va_list arguments;

	va_start(arguments, format);
	strbuf_addv(&text, format, arguments);
	va_end(arguments);
	strvec_push_take(list, strbuf_detach(&text));
}

bool strvec_contains(const struct strvec *list, const char *text)
{
	for (size_t i = 0; i < list->count; i++)
		if (!strcmp(list->items[i], text))
			return true;
	return false;
}

static int compare_strings(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void strvec_sort_unique(struct strvec *list)
{
	if (list->count < 2)
		return;
	qsort(list->items, list->count, sizeof(*list->items), compare_strings);
	size_t kept = 1;
	for (size_t i = 1; i < list->count; i++) {
		if (!strcmp(list->items[kept - 1], list->items[i]))
			free(list->items[i]);
		else
			list->items[kept++] = list->items[i];
	}
	list->count = kept;
	list->items[kept] = NULL;
}
