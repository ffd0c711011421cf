/* SPDX-License-Identifier: Apache-2.0 */
/* PATH.plan: the blobs and their order, which fix every place in PATH.partial. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "store/archive_layout.h"

#define PLAN_MAGIC "airlift-plan 1\n"
#define CHECKSUM_NAME "sha256 "
#define CHECKSUM_LENGTH (strlen(CHECKSUM_NAME) + DIGEST_HEX_LENGTH + 1)

static void format_checksum(const char *text, size_t length, struct strbuf *out)
{
	char hex[DIGEST_HEX_LENGTH + 1];
	struct digest digest;

	digest_of(text, length, &digest);
	strbuf_addf(out, CHECKSUM_NAME "%s\n", digest_format_hex(&digest, hex));
}

void archive_plan_format(const struct archive_layout *layout, struct strbuf *out)
{
	char hex[DIGEST_HEX_LENGTH + 1];

	strbuf_addf(out, PLAN_MAGIC "blobs %zu\n", layout->digests.count);
	for (size_t i = 0; i < layout->digests.count; i++)
		strbuf_addf(out, "%s %" PRIu64 "\n", digest_format_hex(&layout->digests.digests[i], hex),
			    layout->slots[i].size_bytes);
	format_checksum(out->buf, out->len, out);
}

static int malformed(struct error *err)
{
	return error_set(err, ERROR_INVALID, "is not a plan that airlift has written");
}

/* "<hex> <size>" */
static int parse_line(struct archive_layout *layout, const char *line, size_t length, struct error *err)
{
	char hex[DIGEST_HEX_LENGTH + 1] = {0};
	struct digest digest;
	uint64_t size_bytes;

	if (length < DIGEST_HEX_LENGTH + 2 || line[DIGEST_HEX_LENGTH] != ' ')
		return malformed(err);
	memcpy(hex, line, DIGEST_HEX_LENGTH);
	const char *size = line + DIGEST_HEX_LENGTH + 1;
	CLEANUP(free_string) char *number = xstrndup(size, length - DIGEST_HEX_LENGTH - 1);
	if (!digest_parse_hex(&digest, hex))
		return malformed(err);
	if (text_parse_number(number, OCI_MAX_BLOB_SIZE, &size_bytes, err) < 0)
		return -1;
	return archive_layout_add(layout, &digest, size_bytes, err);
}

static int parse_lines(struct archive_layout *layout, const char *text, const char *end, struct error *err)
{
	while (text < end) {
		const char *line_end = memchr(text, '\n', (size_t)(end - text));
		if (!line_end)
			return malformed(err);
		if (parse_line(layout, text, (size_t)(line_end - text), err) < 0)
			return -1;
		text = line_end + 1;
	}
	return 0;
}

int archive_plan_parse(struct archive_layout *layout, const struct strbuf *text, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf again = STRBUF_INIT;

	if (text->len < strlen(PLAN_MAGIC) + CHECKSUM_LENGTH || !text_starts_with(text->buf, PLAN_MAGIC))
		return malformed(err);
	const char *end = text->buf + text->len - CHECKSUM_LENGTH;
	const char *count = text->buf + strlen(PLAN_MAGIC);
	const char *count_end = memchr(count, '\n', (size_t)(end - count));
	if (!count_end || parse_lines(layout, count_end + 1, end, err) < 0)
		return count_end ? -1 : malformed(err);
	/* There is one way to write it, and the checksum is part of that. */
	archive_plan_format(layout, &again);
	return again.len == text->len && !memcmp(again.buf, text->buf, text->len) ? 0 : malformed(err);
}
