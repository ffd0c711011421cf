/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first byte selects what the rest is: `a` an archive, `t` a tar of somebody else, `r` the text of
 * airlift/index.json, whose id is made right first, `p` a plan, whose checksum is put behind it: no mutation
 * would ever hit them.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "store/archive.h"
#include "store/archive_records.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool condition)
{
	if (!condition)
		abort();
}

/* Whatever can be read of an image's blob has the right size. */
static void read_images(struct blob_store *store)
{
	size_t count;
	const struct store_image *images = blob_store_images(store, &count);

	for (size_t i = 0; i < count && i < 16; i++) {
		CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT;
		CLEANUP(error_clear) struct error err = ERROR_INIT;
		const struct descriptor *descriptor = &images[i].descriptor;
		int result = blob_store_read_blob(store, &descriptor->digest, descriptor->size, 1 << 20, &out,
						  &err);
		expect(out.len == (result == 0 ? descriptor->size : 0));
		expect((err.code != ERROR_NONE) == (result < 0));
	}
}

static void try_store(const char *path, bool is_archive)
{
	CLEANUP(blob_store_freep) struct blob_store *store = NULL;
	CLEANUP(error_clear) struct error err = ERROR_INIT;

	if ((is_archive ? archive_open(&store, path, &err) : tar_store_open(&store, path, &err)) == 0)
		read_images(store);
	else
		expect(err.message != NULL);
}

static void try_verification(const char *path)
{
	CLEANUP(archive_verification_release) struct archive_verification verification = {0};
	CLEANUP(error_clear) struct error err = ERROR_INIT;

	if (archive_verify(path, NULL, &verification, &err) < 0)
		return;
	for (size_t i = 0; i < verification.n_damages; i++)
		expect(verification.damages[i].offset + verification.damages[i].length <= verification.bytes);
}

static void try_file(const uint8_t *data, size_t size, bool is_archive)
{
	CLEANUP(close_file) int fd = memfd_create("fuzz", MFD_CLOEXEC);
	CLEANUP(error_clear) struct error err = ERROR_INIT;

	expect(fd >= 0 && file_write_all(fd, data, size, "memory", &err) == 0);
	CLEANUP(free_string) char *path = xasprintf("/proc/self/fd/%d", fd);
	try_store(path, is_archive);
	if (is_archive)
		try_verification(path);
}

static void correct_id(uint8_t *text, size_t size)
{
	static const char key[] = "\"id\": \"";
	CLEANUP(hasher_freep) struct hasher *hasher = hasher_new();
	uint8_t *found = memmem(text, size, key, strlen(key));
	char hex[DIGEST_HEX_LENGTH + 1];
	struct digest digest;

	if (!found || size - (size_t)(found + strlen(key) - text) < DIGEST_HEX_LENGTH)
		return;
	uint8_t *id = found + strlen(key);
	hasher_update(hasher, text, (size_t)(id - text));
	hasher_update(hasher, id + DIGEST_HEX_LENGTH, size - (size_t)(id - text) - DIGEST_HEX_LENGTH);
	hasher_finish(hasher, &digest);
	memcpy(id, digest_format_hex(&digest, hex), DIGEST_HEX_LENGTH);
}

/* Records that are accepted are written and accepted again, with the same blobs. */
static void try_records(const uint8_t *data, size_t size)
{
	CLEANUP(archive_records_release) struct archive_records records = ARCHIVE_RECORDS_INIT;
	CLEANUP(archive_records_release) struct archive_records again = ARCHIVE_RECORDS_INIT;
	CLEANUP(archive_layout_release) struct archive_layout layout, layout_again;
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;
	CLEANUP(error_clear) struct error err = ERROR_INIT;
	CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT;
	struct archive_index index;

	archive_layout_init(&layout, true);
	archive_layout_init(&layout_again, true);
	strbuf_add(&text, data, size);
	correct_id((uint8_t *)text.buf, text.len);
	if (archive_records_parse(&records, &layout, &index, "fuzz", &text, &err) < 0)
		return;
	archive_records_format(&out, &records, &layout, &index);
	expect(archive_records_parse(&again, &layout_again, &index, "again", &out, &err) == 0);
	expect(layout.end == layout_again.end && layout.digests.count == layout_again.digests.count);
	expect(!strcmp(records.id, again.id));
}

static void try_plan(const uint8_t *data, size_t size)
{
	CLEANUP(archive_layout_release) struct archive_layout layout;
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;
	CLEANUP(error_clear) struct error err = ERROR_INIT;
	char hex[DIGEST_HEX_LENGTH + 1];
	struct digest digest;

	archive_layout_init(&layout, true);
	strbuf_add(&text, data, size);
	digest_of(data, size, &digest);
	strbuf_addf(&text, "sha256 %s\n", digest_format_hex(&digest, hex));
	int result = archive_plan_parse(&layout, &text, &err);
	expect((err.code != ERROR_NONE) == (result < 0));
	for (size_t i = 0; result == 0 && i < layout.digests.count; i++)
		expect(layout.slots[i].offset + layout.slots[i].size_bytes <= layout.end);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	if (data[0] == 'r')
		try_records(data + 1, size - 1);
	else if (data[0] == 'p')
		try_plan(data + 1, size - 1);
	else
		try_file(data + 1, size - 1, data[0] == 'a');
	return 0;
}
