/* SPDX-License-Identifier: Apache-2.0 */
#include "catalog/sqlite.h"

#include <fcntl.h>
#include <sqlite3.h>

#include "base/file.h"
#include "tests/tap.h"
#include "tests/unit/layer_fixture.h"

#define BUNDLES \
	"CREATE TABLE operatorbundle (name TEXT PRIMARY KEY, csv TEXT, bundle TEXT, bundlepath TEXT, " \
	"skiprange TEXT, version TEXT, replaces TEXT, skips TEXT);"
#define TABLES BUNDLES "CREATE TABLE related_image (image TEXT, operatorbundle_name TEXT);"

/* The bytes of a database made by these statements. */
static void make_database(struct strbuf *bytes, const char *statements)
{
	CLEANUP(free_string) char *path = xasprintf("%s/made.db", test_directory());
	struct error err = ERROR_INIT;
	sqlite3 *database;

	unlink(path);
	EXPECT(sqlite3_open(path, &database) == SQLITE_OK);
	EXPECT(sqlite3_exec(database, statements, NULL, NULL, NULL) == SQLITE_OK);
	sqlite3_close(database);
	EXPECT_OK(file_read(AT_FDCWD, path, 1u << 20, bytes, &err), &err);
}

#define DATABASE_ENTRY(path_, bytes_) \
	{ \
		.type = LAYER_REGULAR, .path = (path_), .text = (bytes_).buf, .size_bytes = (bytes_).len \
	}

static int read_image(struct fixture_image *image, const char *location, struct catalog *catalog,
		      struct error *err)
{
	struct catalog_source source = {.visit = fixture_visit, .context = image};

	return sqlite_read(&source, location, test_directory(), catalog, err);
}

static void expect_images(struct fixture_image *image, const char *location, const char *want)
{
	CLEANUP(catalog_release) struct catalog catalog = CATALOG_INIT;
	CLEANUP(strbuf_release) struct strbuf joined = STRBUF_INIT;
	struct error err = ERROR_INIT;

	EXPECT_OK(read_image(image, location, &catalog, &err), &err);
	strvec_sort_unique(&catalog.images);
	for (size_t i = 0; i < catalog.images.count; i++)
		strbuf_addf(&joined, "%s%s", i ? " " : "", catalog.images.items[i]);
	EXPECT_STRING(joined.buf, want);
	EXPECT(catalog.n_files == 1);
}

static void expect_refused(const char *statements, const char *part)
{
	CLEANUP(fixture_image_release) struct fixture_image image = FIXTURE_IMAGE_INIT;
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	CLEANUP(catalog_release) struct catalog catalog = CATALOG_INIT;
	struct error err = ERROR_INIT;

	make_database(&bytes, statements);
	FIXTURE_ADD(&image, PACKING_NONE, DATABASE_ENTRY("index.db", bytes));
	EXPECT_ERROR(read_image(&image, "/index.db", &catalog, &err), &err, ERROR_INVALID, part);
}

TEST(bundles_and_related_images_are_read)
{
	CLEANUP(fixture_image_release) struct fixture_image image = FIXTURE_IMAGE_INIT;
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;

	make_database(&bytes,
		      TABLES "INSERT INTO operatorbundle (name, bundlepath) VALUES ('a', 'q.io/b:1'), "
			     "('b', NULL), ('c', ''), ('d', 'q.io/b:1');"
			     "INSERT INTO related_image VALUES ('q.io/r:1', 'a'), ('q.io/r:2', 'gone'), "
			     "('', 'a'), (NULL, 'a');");
	FIXTURE_ADD(&image, PACKING_GZIP, DATABASE_ENTRY("database/index.db", bytes));
	expect_images(&image, "/database/index.db", "q.io/b:1 q.io/r:1 q.io/r:2");
}

TEST(of_a_directory_the_first_database_is_taken)
{
	CLEANUP(fixture_image_release) struct fixture_image image = FIXTURE_IMAGE_INIT;
	CLEANUP(strbuf_release) struct strbuf first = STRBUF_INIT;
	CLEANUP(strbuf_release) struct strbuf second = STRBUF_INIT;

	make_database(&first, TABLES "INSERT INTO related_image VALUES ('first', 'a')");
	make_database(&second, TABLES "INSERT INTO related_image VALUES ('second', 'a')");
	FIXTURE_ADD(&image, PACKING_NONE, DATABASE_ENTRY("d/b/z.db", second), FILE_ENTRY("d/a.db", "text"),
		    DATABASE_ENTRY("d/a/x.db", first), DATABASE_ENTRY("d/c", second));
	expect_images(&image, "/d/", "first");
}

TEST(a_database_in_wal_mode_is_read)
{
	CLEANUP(fixture_image_release) struct fixture_image image = FIXTURE_IMAGE_INIT;
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;

	make_database(&bytes,
		      "PRAGMA journal_mode = WAL;" TABLES "INSERT INTO related_image VALUES ('w', 'a')");
	FIXTURE_ADD(&image, PACKING_NONE, DATABASE_ENTRY("index.db", bytes));
	expect_images(&image, "index.db", "w");
}

TEST(a_database_without_the_tables_is_refused)
{
	expect_refused("CREATE TABLE related_image (image TEXT)", "index.db: no such table: operatorbundle");
	expect_refused("CREATE TABLE operatorbundle (bundlepath TEXT)",
		       "index.db: no such table: related_image");
	expect_refused("CREATE TABLE related_image (x TEXT)", "index.db: no such column: image");
}

TEST(a_view_in_the_place_of_a_table_is_refused)
{
	expect_refused(BUNDLES "CREATE VIEW related_image AS SELECT 'a' AS image", "access to view");
	/* One that would never end. */
	expect_refused(BUNDLES "CREATE VIEW related_image AS WITH RECURSIVE r(image) AS "
			       "(SELECT 'a' UNION ALL SELECT 'a' FROM r) SELECT image FROM r",
		       "index.db: ");
}

TEST(a_value_with_a_nul_is_refused)
{
	expect_refused(TABLES "INSERT INTO related_image VALUES (CAST(x'610062' AS TEXT), 'a')", "NUL");
}

TEST(what_is_no_database_is_refused)
{
	CLEANUP(fixture_image_release) struct fixture_image image = FIXTURE_IMAGE_INIT;
	CLEANUP(catalog_release) struct catalog catalog = CATALOG_INIT;
	struct error err = ERROR_INIT;

	FIXTURE_ADD(&image, PACKING_NONE, FILE_ENTRY("index.db", "text"));
	EXPECT_ERROR(read_image(&image, "/index.db", &catalog, &err), &err, ERROR_INVALID,
		     "/index.db: no sqlite 3 database is there");
	EXPECT_ERROR(read_image(&image, "/elsewhere", &catalog, &err), &err, ERROR_INVALID,
		     "/elsewhere: no sqlite 3 database is there");
}

TEST(a_damaged_database_is_refused)
{
	CLEANUP(fixture_image_release) struct fixture_image image = FIXTURE_IMAGE_INIT;
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	CLEANUP(catalog_release) struct catalog catalog = CATALOG_INIT;
	struct error err = ERROR_INIT;

	make_database(&bytes, TABLES);
	memset(bytes.buf + 100, 0xff, bytes.len - 100);
	FIXTURE_ADD(&image, PACKING_NONE, DATABASE_ENTRY("index.db", bytes));
	EXPECT_ERROR(read_image(&image, "/index.db", &catalog, &err), &err, ERROR_INVALID, "index.db: ");
}
