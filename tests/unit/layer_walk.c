/* SPDX-License-Identifier: Apache-2.0 */
/* What a visitor sees of images that are made in memory. */
#include "layer/walk.h"

#include "base/strbuf.h"
#include "layer/path.h"
#include "tests/tap.h"
#include "tests/unit/layer_fixture.h"

/* "path=content " for a file, "path->target " for a link, in the order of the calls. */
static int note_file(struct layer_file *file, void *context, struct error *err)
{
	struct strbuf *seen = context;
	char buffer[4096];
	ssize_t result;

	strbuf_addf(seen, "%s=", layer_file_path(file));
	while ((result = layer_file_read(file, buffer, sizeof(buffer), err)) > 0)
		strbuf_add(seen, buffer, (size_t)result);
	strbuf_add_char(seen, ' ');
	return (int)result;
}

static int note_link(const char *path, const char *target, void *context, struct error *err)
{
	(void)err;
	strbuf_addf(context, "%s->%s ", path, target);
	return 0;
}

static int walk(struct fixture_image *image, const char *location, struct strbuf *seen, struct error *err)
{
	struct layer_visitor visitor = {
		.location = location,
		.file = note_file,
		.link = note_link,
		.context = seen,
	};

	return fixture_visit(&visitor, image, err);
}

static void expect_seen(struct fixture_image *image, const char *location, const char *want)
{
	CLEANUP(strbuf_release) struct strbuf seen = STRBUF_INIT;
	struct error err = ERROR_INIT;

	EXPECT_OK(walk(image, location, &seen, &err), &err);
	EXPECT_STRING(seen.buf, want);
}

static void expect_refused(struct fixture_image *image, const char *location, const char *part)
{
	CLEANUP(strbuf_release) struct strbuf seen = STRBUF_INIT;
	struct error err = ERROR_INIT;

	EXPECT_ERROR(walk(image, location, &seen, &err), &err, ERROR_INVALID, part);
}

TEST(files_below_the_location_are_seen_however_they_are_packed)
{
	for (int packing = PACKING_NONE; packing <= PACKING_ZSTD; packing++) {
		CLEANUP(fixture_image_release) struct fixture_image image = FIXTURE_IMAGE_INIT;
		FIXTURE_ADD(&image, (enum fixture_packing)packing, DIRECTORY_ENTRY("configs/"),
			    FILE_ENTRY("./configs/a", "1"), FILE_ENTRY("configs2/x", "no"),
			    FILE_ENTRY("/configs//b/c", "2"), FILE_ENTRY("etc/passwd", "no"));
		expect_seen(&image, "/configs/", "configs/a=1 configs/b/c=2 ");
		expect_seen(&image, "configs/b/c", "configs/b/c=2 ");
		expect_seen(&image, "/nothing", "");
	}
}

TEST(the_upper_layer_comes_first_and_hides_the_lower)
{
	CLEANUP(fixture_image_release) struct fixture_image image = FIXTURE_IMAGE_INIT;

	FIXTURE_ADD(&image, PACKING_GZIP, FILE_ENTRY("c/a", "old"), FILE_ENTRY("c/b", "old"),
		    FILE_ENTRY("c/d/e", "old"), FILE_ENTRY("c/f", "old"));
	FIXTURE_ADD(&image, PACKING_NONE, FILE_ENTRY("c/a", "new"), FILE_ENTRY("c/d", "now a file"),
		    FILE_ENTRY("c/f/g", "now a directory"));
	expect_seen(&image, "c", "c/a=new c/d=now a file c/f/g=now a directory c/b=old ");
}

TEST(whiteouts_hide_lower_layers_only)
{
	CLEANUP(fixture_image_release) struct fixture_image image = FIXTURE_IMAGE_INIT;

	FIXTURE_ADD(&image, PACKING_NONE, FILE_ENTRY("c/a", "0"), FILE_ENTRY("c/b/x", "0"),
		    FILE_ENTRY("c/d/x", "0"), FILE_ENTRY("c/e", "0"));
	FIXTURE_ADD(&image, PACKING_NONE, FILE_ENTRY("c/b/y", "1"), FILE_ENTRY("c/b/.wh..wh..opq", ""),
		    FILE_ENTRY("c/.wh.a", ""), FILE_ENTRY("c/.wh.d", ""), FILE_ENTRY("c/d/y", "1"));
	FIXTURE_ADD(&image, PACKING_NONE, FILE_ENTRY("c/a", "2"), FILE_ENTRY("c/.wh.e", ""));
	expect_seen(&image, "c", "c/a=2 c/b/y=1 c/d/y=1 ");
}

TEST(a_whiteout_above_the_location_counts)
{
	CLEANUP(fixture_image_release) struct fixture_image image = FIXTURE_IMAGE_INIT;

	FIXTURE_ADD(&image, PACKING_NONE, FILE_ENTRY("a/c/x", "0"));
	FIXTURE_ADD(&image, PACKING_NONE, FILE_ENTRY("a/.wh.other", ""), FILE_ENTRY(".wh.b", ""));
	expect_seen(&image, "a/c", "a/c/x=0 ");
	FIXTURE_ADD(&image, PACKING_NONE, FILE_ENTRY(".wh.a", ""));
	expect_seen(&image, "a/c", "");
}

TEST(an_opaque_root_hides_all)
{
	CLEANUP(fixture_image_release) struct fixture_image image = FIXTURE_IMAGE_INIT;

	FIXTURE_ADD(&image, PACKING_NONE, FILE_ENTRY("c/x", "0"));
	FIXTURE_ADD(&image, PACKING_NONE, FILE_ENTRY(".wh..wh..opq", ""), FILE_ENTRY("c/y", "1"));
	expect_seen(&image, "c", "c/y=1 ");
}

TEST(links_are_reported_with_where_they_lead)
{
	CLEANUP(fixture_image_release) struct fixture_image image = FIXTURE_IMAGE_INIT;

	FIXTURE_ADD(&image, PACKING_GZIP, FILE_ENTRY("c/d/a", "1"), SYMBOLIC_LINK_ENTRY("c/d/l", "../m"),
		    SYMBOLIC_LINK_ENTRY("c/r", "/x/y"), HARD_LINK_ENTRY("c/h", "c/d/a"),
		    SYMBOLIC_LINK_ENTRY("elsewhere", "c"));
	expect_seen(&image, "c", "c/d/a=1 c/d/l->c/m c/r->x/y c/h->c/d/a ");
}

TEST(a_location_behind_a_symbolic_link_is_refused)
{
	CLEANUP(fixture_image_release) struct fixture_image image = FIXTURE_IMAGE_INIT;

	FIXTURE_ADD(&image, PACKING_NONE, SYMBOLIC_LINK_ENTRY("c", "opt/c"), FILE_ENTRY("opt/c/a", "1"));
	expect_refused(&image, "c", "/c: is reached through the symbolic link /c -> opt/c");
	expect_refused(&image, "c/d", "/c/d: is reached through the symbolic link /c -> opt/c");
	FIXTURE_ADD(&image, PACKING_NONE, FILE_ENTRY("c/a", "2"));
	expect_seen(&image, "c", "c/a=2 ");
}

static int stop_at_first(struct layer_file *file, void *context, struct error *err)
{
	(void)err;
	strbuf_addf(context, "%s ", layer_file_path(file));
	return 1;
}

TEST(a_visitor_that_has_seen_enough_sees_no_more)
{
	CLEANUP(fixture_image_release) struct fixture_image image = FIXTURE_IMAGE_INIT;
	CLEANUP(strbuf_release) struct strbuf seen = STRBUF_INIT;
	struct layer_visitor visitor = {.location = "/", .file = stop_at_first, .context = &seen};
	struct error err = ERROR_INIT;

	FIXTURE_ADD(&image, PACKING_NONE, FILE_ENTRY("lower", "0"));
	FIXTURE_ADD(&image, PACKING_NONE, FILE_ENTRY("a", "1"), FILE_ENTRY("b", "2"));
	EXPECT_OK(fixture_visit(&visitor, &image, &err), &err);
	EXPECT_STRING(seen.buf, "a ");
}

TEST(what_is_no_tar_is_refused)
{
	CLEANUP(fixture_image_release) struct fixture_image image = FIXTURE_IMAGE_INIT;
	struct fixture_layer *layer = FIXTURE_ADD(&image, PACKING_NONE, FILE_ENTRY("a", "1"));

	memset(layer->bytes, 'x', layer->length);
	expect_refused(&image, "/", "a layer is a tar, plain or compressed with gzip or zstd");
}

TEST(a_layer_that_ends_early_is_refused)
{
	CLEANUP(fixture_image_release) struct fixture_image image = FIXTURE_IMAGE_INIT;
	CLEANUP(free_memory) char *text = xcalloc(1, 100000);

	for (size_t i = 0; i < 100000; i++)
		text[i] = (char)(i * i * 7 >> 3);
	struct fixture_layer *layer =
		FIXTURE_ADD(&image, PACKING_GZIP,
			    {.type = LAYER_REGULAR, .path = "a", .text = text, .size_bytes = 100000});
	layer->source.size_bytes = layer->length / 2;
	expect_refused(&image, "/", "truncated");
}

TEST(a_path_that_climbs_is_refused)
{
	CLEANUP(fixture_image_release) struct fixture_image image = FIXTURE_IMAGE_INIT;

	FIXTURE_ADD(&image, PACKING_NONE, FILE_ENTRY("c/../../etc/passwd", "1"));
	expect_refused(&image, "c", "has a component \"..\"");
}

TEST(a_very_long_path_is_refused)
{
	CLEANUP(fixture_image_release) struct fixture_image image = FIXTURE_IMAGE_INIT;
	char path[LAYER_MAX_PATH + 2];

	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	FIXTURE_ADD(&image, PACKING_NONE, FILE_ENTRY(path, "1"));
	expect_refused(&image, "c", "path of more than 4096 bytes");
}

TEST(a_bomb_is_refused)
{
	CLEANUP(fixture_image_release) struct fixture_image image = FIXTURE_IMAGE_INIT;
	const size_t size = (size_t)48 << 20;
	CLEANUP(free_memory) char *zeros = xcalloc(1, size);

	FIXTURE_ADD(&image, PACKING_GZIP,
		    {.type = LAYER_REGULAR, .path = "c", .text = zeros, .size_bytes = size},
		    FILE_ENTRY("d", "1"));
	expect_refused(&image, "c", "unpacks to more than 200 times its size");
	/* Also where nobody reads the content. */
	expect_refused(&image, "d", "unpacks to more than 200 times its size");
}

TEST(an_entry_that_claims_to_be_huge_is_refused_before_it_is_unpacked)
{
	CLEANUP(fixture_image_release) struct fixture_image image = FIXTURE_IMAGE_INIT;
	struct fixture_layer *layer = FIXTURE_ADD(&image, PACKING_NONE, FILE_ENTRY("a", "1"));
	char *header = (char *)layer->bytes;
	unsigned sum = 0;

	/* ustar: the size in octal digits at 124, the checksum, taken over blanks, at 148 */
	memcpy(header + 124, "77777777777", 12);
	memset(header + 148, ' ', 8);
	for (int i = 0; i < 512; i++)
		sum += (unsigned char)header[i];
	snprintf(header + 148, 8, "%06o", sum);
	expect_refused(&image, "b", "unpacks to more than 4 GiB");
}

TEST(names_of_any_character_set_are_taken_as_they_are)
{
	CLEANUP(fixture_image_release) struct fixture_image image = FIXTURE_IMAGE_INIT;

	FIXTURE_ADD(&image, PACKING_NONE, FILE_ENTRY("c/F\xc5\x91tan\xc3\xbas\xc3\xadtv\xc3\xa1ny", "1"),
		    FILE_ENTRY("c/latin-\xe9", "2"));
	expect_seen(&image, "c", "c/F\xc5\x91tan\xc3\xbas\xc3\xadtv\xc3\xa1ny=1 c/latin-\xe9=2 ");
}
