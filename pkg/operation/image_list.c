/* SPDX-License-Identifier: Apache-2.0 */
#include "operation/image_list.h"

#include <string.h>

#include "base/strbuf.h"
#include "operation/remembered.h"

static const char kind[] = "catalogs";

/* One image a line. */
int image_list_write(const char *work_directory, const struct digest *index, const struct strvec *images,
		     struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;

	for (size_t i = 0; i < images->count; i++) {
		/* A text with a line end is no reference and would not be mirrored: such a list is not
		 * kept. */
		if (strchr(images->items[i], '\n'))
			return 0;
		strbuf_addf(&text, "%s\n", images->items[i]);
	}
	return remembered_write(work_directory, kind, index, &text, err);
}

bool image_list_read(const char *work_directory, const struct digest *index, struct strvec *images)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;

	if (!remembered_read(work_directory, kind, index, &text))
		return false;
	for (const char *line = text.buf; *line;) {
		size_t length = strcspn(line, "\n");
		strvec_push_take(images, xstrndup(line, length));
		line += length + (line[length] != '\0');
	}
	return true;
}
