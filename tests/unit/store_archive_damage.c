/* SPDX-License-Identifier: Apache-2.0 */
/* Archives that are not as they were written. */
#include "store/chunks.h"
#include "tests/unit/store_fixture.h"

static void make_small(struct fixture *fixture, const char *path, struct strbuf *bytes)
{
	fixture_add_image(fixture, "x", 1, 600);
	fixture_write(fixture, path, true);
	fixture_read_file(path, bytes);
}

TEST(every_truncation_is_refused)
{
	CLEANUP(fixture_release) struct fixture fixture = {0};
	CLEANUP(free_string) char *path = fixture_path("a.tar");
	CLEANUP(free_string) char *cut = fixture_path("cut.tar");
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	struct error err = ERROR_INIT;

	make_small(&fixture, path, &bytes);
	fixture_write_file(cut, bytes.buf, bytes.len);
	for (size_t length = bytes.len; length-- > 0;) {
		struct blob_store *store = NULL;
		EXPECT(truncate(cut, (off_t)length) == 0);
		EXPECT_ERROR(archive_open(&store, cut, &err), &err, ERROR_DIGEST, "its end is missing");
	}
}

TEST(bytes_behind_the_end_are_noticed)
{
	CLEANUP(fixture_release) struct fixture fixture = {0};
	CLEANUP(free_string) char *path = fixture_path("a.tar");
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	struct blob_store *store = NULL;
	struct error err = ERROR_INIT;

	make_small(&fixture, path, &bytes);
	for (size_t i = 0; i < 1024; i++)
		strbuf_add_char(&bytes, '\0');
	fixture_write_file(path, bytes.buf, bytes.len);
	EXPECT_ERROR(archive_open(&store, path, &err), &err, ERROR_DIGEST, "its end is missing or damaged");
}

/* Found by the verification, or by the opening already. */
static bool is_found(const char *path, size_t offset)
{
	struct archive_verification verification = {0};
	CLEANUP(error_clear) struct error err = ERROR_INIT;

	if (archive_verify(path, NULL, &verification, &err) < 0)
		return error_is(&err, ERROR_DIGEST);
	bool found = verification.n_damages == 1 && verification.damages[0].offset <= offset &&
		     offset < verification.damages[0].offset + verification.damages[0].length;
	archive_verification_release(&verification);
	return found;
}

TEST(every_changed_byte_is_found_and_located)
{
	CLEANUP(fixture_release) struct fixture fixture = {0};
	CLEANUP(free_string) char *path = fixture_path("a.tar");
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;

	make_small(&fixture, path, &bytes);
	CLEANUP(close_file) int fd = open(path, O_WRONLY);
	for (size_t i = 0; i < bytes.len; i++) {
		char changed = (char)(bytes.buf[i] ^ 1 << i % 8);
		EXPECT(pwrite(fd, &changed, 1, (off_t)i) == 1);
		EXPECT(is_found(path, i));
		EXPECT(pwrite(fd, &bytes.buf[i], 1, (off_t)i) == 1);
	}
}

TEST(damage_is_told_with_its_chunk_and_the_images_that_need_it)
{
	CLEANUP(fixture_release) struct fixture fixture = {0};
	CLEANUP(free_string) char *path = fixture_path("a.tar");
	CLEANUP(blob_store_freep) struct blob_store *store = NULL;
	struct archive_verification verification;
	struct error err = ERROR_INIT;

	fixture_add_image(&fixture, "good", 1, 1000);
	fixture_add_image(&fixture, "bad", 2, 5 * CHUNK_SIZE + 17);
	const struct fixture_blob *blob = &fixture.blobs[3];
	fixture_write(&fixture, path, true);
	EXPECT_OK(archive_open(&store, path, &err), &err);
	uint64_t offset = archive_store_offset(store, &blob->digest);
	CLEANUP(close_file) int fd = open(path, O_WRONLY);
	EXPECT(pwrite(fd, "x", 1, (off_t)offset + CHUNK_SIZE) == 1);
	EXPECT(pwrite(fd, "x", 1, (off_t)offset + 3 * CHUNK_SIZE - 1) == 1);
	EXPECT(pwrite(fd, "xyz", 3, (off_t)offset + 5 * CHUNK_SIZE + 3) == 3);
	struct progress progress = {.phase = NULL};
	EXPECT_OK(archive_verify(path, &progress, &verification, &err), &err);
	EXPECT(progress.bytes_done == progress.bytes_total && progress.bytes_done == verification.bytes);
	EXPECT(progress.items_done == 6);
	EXPECT(verification.n_damages == 2);
	if (verification.n_damages == 2) {
		const struct archive_damage *damage = verification.damages;
		char digest[DIGEST_TEXT_SIZE];
		CLEANUP(free_string) char *what = xasprintf("blob %s", digest_format(&blob->digest, digest));
		EXPECT(damage[0].offset == offset + CHUNK_SIZE && damage[0].length == 2 * CHUNK_SIZE);
		EXPECT(damage[1].offset == offset + 5 * CHUNK_SIZE && damage[1].length == 17);
		EXPECT_STRING(damage[0].what, what);
		EXPECT(damage[0].images.count == 1);
		EXPECT_STRING(damage[0].images.items[0], "bad");
		EXPECT_STRING(damage[1].images.items[0], "bad");
	}
	archive_verification_release(&verification);
}

TEST(a_damaged_manifest_names_its_image)
{
	CLEANUP(fixture_release) struct fixture fixture = {0};
	CLEANUP(free_string) char *path = fixture_path("a.tar");
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	struct archive_verification verification;
	struct error err = ERROR_INIT;

	make_small(&fixture, path, &bytes);
	CLEANUP(close_file) int fd = open(path, O_WRONLY);
	EXPECT(pwrite(fd, "?", 1, 3072 + 512) == 1);
	EXPECT_OK(archive_verify(path, NULL, &verification, &err), &err);
	EXPECT(verification.n_damages == 1);
	if (verification.n_damages) {
		EXPECT(verification.damages[0].offset == 3072 + 512);
		EXPECT(verification.damages[0].images.count == 1);
		EXPECT_STRING(verification.damages[0].images.items[0], "x");
	}
	archive_verification_release(&verification);
}

TEST(other_files_are_told_what_they_are)
{
	static const uint8_t zeros[4096];
	CLEANUP(free_string) char *path = fixture_path("other");
	struct blob_store *store = NULL;
	struct error err = ERROR_INIT;

	fixture_write_file(path, zeros, sizeof(zeros));
	EXPECT_ERROR(archive_open(&store, path, &err), &err, ERROR_DIGEST, "is not an airlift archive");
	fixture_write_file(path, "hello", 5);
	EXPECT_ERROR(archive_open(&store, path, &err), &err, ERROR_DIGEST, "is not an airlift archive");
	EXPECT_ERROR(archive_open(&store, test_directory(), &err), &err, ERROR_INVALID,
		     "is not a regular file");
}

/* Replaces text in the records and makes all digests right again: what a malicious sender can do. */
static void forge(struct strbuf *bytes, const char *old, const char *new, struct error *err)
{
	char *trailer = bytes->buf + bytes->len - 1536, *end = NULL, hex[DIGEST_HEX_LENGTH + 1];
	char *records = bytes->buf + strtoull(strstr(trailer, "offset ") + 7, &end, 10);
	size_t length = strtoul(strstr(end, "size ") + 5, NULL, 10);
	CLEANUP(strbuf_release) struct strbuf without_id = STRBUF_INIT;
	struct digest digest;

	char *place = memmem(records, length, old, strlen(old));
	if (!place || strlen(old) != strlen(new)) {
		error_set(err, ERROR_INVALID, "the test is wrong: '%s'", old);
		return;
	}
	memcpy(place, new, strlen(new));
	char *id = strstr(records, "\"id\": \"") + 7;
	strbuf_add(&without_id, records, (size_t)(id - records));
	strbuf_add(&without_id, id + DIGEST_HEX_LENGTH, length - (size_t)(id - records) - DIGEST_HEX_LENGTH);
	digest_of(without_id.buf, without_id.len, &digest);
	memcpy(id, digest_format_hex(&digest, hex), DIGEST_HEX_LENGTH);
	digest_of(records, length, &digest);
	memcpy(strstr(trailer, "sha256:") + 7, digest_format_hex(&digest, hex), DIGEST_HEX_LENGTH);
}

struct forgery {
	const char *old, *new, *message;
};

/* An archive with these records, all digests right, cannot be opened. */
static void expect_refused(const char *path, const struct strbuf *original, const struct forgery *forgery)
{
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	struct blob_store *store = NULL;
	struct error err = ERROR_INIT;

	strbuf_add(&bytes, original->buf, original->len);
	forge(&bytes, forgery->old, forgery->new, &err);
	EXPECT(err.code == ERROR_NONE);
	EXPECT(bytes.len != original->len || memcmp(bytes.buf, original->buf, bytes.len) != 0);
	fixture_write_file(path, bytes.buf, bytes.len);
	EXPECT_ERROR(archive_open(&store, path, &err), &err, ERROR_DIGEST, forgery->message);
}

TEST(forged_records_are_refused)
{
	static const struct forgery cases[] = {
		{"\"format\": 1", "\"format\": 2", "is of format 2"},
		{"\"offset\":3584", "\"offset\":1024", "should stand at 3584"},
		{"\"offset\":3584", "\"offset\":-512", "blob 0"},
		{"\"size\":600", "\"size\":9e9", "blob"},
		{"\"size\":600", "\"size\":100", "should stand at 6656"},
		{"\"blobs\": [", "\"blobz\": [", "blobs"},
		{"oci.image.manifest", "oci.image.manifess", "mediaType"},
	};
	CLEANUP(fixture_release) struct fixture fixture = {0};
	CLEANUP(free_string) char *path = fixture_path("a.tar");
	CLEANUP(strbuf_release) struct strbuf original = STRBUF_INIT;

	make_small(&fixture, path, &original);
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
		expect_refused(path, &original, &cases[i]);
}

static void add_release(struct fixture *fixture)
{
	struct archive_release *release = xcalloc(1, sizeof(*release));

	release->version = xstrdup("4.14.1");
	release->architecture = xstrdup("x86_64");
	release->components = xcalloc(1, sizeof(*release->components));
	release->components[release->n_components++] =
		(struct archive_component){xstrdup("a-name"), xstrdup("quay.io/a/etcd@sha256:1")};
	release->signatures = xcalloc(1, sizeof(*release->signatures));
	release->signatures[release->n_signatures] = (struct archive_signature){.message = STRBUF_INIT};
	strbuf_add(&release->signatures[release->n_signatures++].message, "\xa3\xe0\xff", 3);
	strvec_push(&release->previous, "4.13.9");
	fixture->records.roots = xcalloc(1, sizeof(*fixture->records.roots));
	fixture->records.roots[fixture->records.n_roots++] = (struct archive_root){
		.kind = xstrdup("release"), .source = xstrdup("quay.io/r:1"), .release = release};
}

TEST(records_of_releases_that_no_airlift_writes_are_refused)
{
	static const struct forgery cases[] = {
		{"\"release\": {", "\"released\":{", "roots[0].release"},
		{"4.14.1", "\\u001b", "release.version: holds control characters"},
		{"x86_64", "\\u202e", "release.architecture: holds control characters"},
		{"\"a-name\"", "\"\\u0007\"", "components[0].name: holds control characters"},
		{"a/etcd", "\\u0085", "components[0].image: holds control characters"},
		{"o+D/", "o!D/", "signatures[0].message: is not base64"},
		{"\"message\"", "\"massage\"", "signatures[0].message"},
		{"4.13.9", "\\u001b", "previous[0]: holds control characters"},
		{"\"components\"", "\"Components\"", "components"},
	};
	CLEANUP(fixture_release) struct fixture fixture = {0};
	CLEANUP(free_string) char *path = fixture_path("a.tar");
	CLEANUP(strbuf_release) struct strbuf original = STRBUF_INIT;

	fixture_add_image(&fixture, "quay.io/r:1", 1, 600);
	add_release(&fixture);
	fixture_write(&fixture, path, true);
	fixture_read_file(path, &original);
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
		expect_refused(path, &original, &cases[i]);
}

TEST(names_with_control_characters_and_tags_of_others_are_refused)
{
	static const struct forgery cases[] = {
		{"registry/image", "registry\\u001b", "images[0].source: holds control characters"},
		{"attachedTo\": \"r", "attachedTo\": \"\x7f", "images[1].attachedTo: holds control"},
		{"catalog", "cata\x7fog", "roots[0].kind: holds control"},
		{"root/image", "root\\u000a", "roots[0].source: holds control"},
		{"late/image", "late\\u0007", "roots[0].images[0]: holds control"},
		{"gone/image", "gone\\u0085", "missing[0].source: holds control"},
		{"before/image", "before\\u202e", "predecessors[0]: holds control"},
		{"sha256-", "sha512-", "images[1].tag: is not that of a signature"},
		{".sig\"", ".sog\"", "images[1].tag: is not that of a signature"},
		{"01.sig\"", "0G.sig\"", "images[1].tag: is not that of a signature"},
	};
	CLEANUP(fixture_release) struct fixture fixture = {0};
	CLEANUP(free_string) char *path = fixture_path("a.tar");
	CLEANUP(strbuf_release) struct strbuf original = STRBUF_INIT;

	fixture_add_image(&fixture, "registry/image", 1, 600);
	fixture_add_image(&fixture, "signature", 2, 10);
	fixture.records.images[1].attached_to = xstrdup("registry/image");
	fixture.records.images[1].tag = xasprintf("sha256-%064d.sig", 1);
	strvec_push(&fixture.records.predecessors, "before/image");
	fixture.records.roots = xcalloc(1, sizeof(*fixture.records.roots));
	fixture.records.roots[fixture.records.n_roots++] =
		(struct archive_root){.kind = xstrdup("catalog"), .source = xstrdup("root/image")};
	strvec_push(&fixture.records.roots[0].images, "late/image");
	fixture.records.missing = xcalloc(1, sizeof(*fixture.records.missing));
	fixture.records.missing[fixture.records.n_missing++] =
		(struct archive_missing){.source = xstrdup("gone/image"), .reason = xstrdup("why")};
	fixture_write(&fixture, path, true);
	fixture_read_file(path, &original);
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
		expect_refused(path, &original, &cases[i]);
}
