/* SPDX-License-Identifier: Apache-2.0 */
#include "operation/image_list.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "tests/tap.h"

static void remember(const struct digest *index, const char *first, const char *second)
{
	CLEANUP(strvec_release) struct strvec images = STRVEC_INIT;
	struct error err = ERROR_INIT;

	strvec_push(&images, first);
	strvec_push(&images, second);
	EXPECT_OK(image_list_write(test_directory(), index, &images, &err), &err);
}

TEST(a_list_is_remembered_by_the_digest_of_its_index)
{
	CLEANUP(strvec_release) struct strvec found = STRVEC_INIT;
	struct digest index, other;

	digest_of("a", 1, &index);
	digest_of("b", 1, &other);
	remember(&index, "quay.io/a/b:v1", "quay.io/c/d:v2");
	EXPECT(image_list_read(test_directory(), &index, &found));
	EXPECT(found.count == 2 && !strcmp(found.items[1], "quay.io/c/d:v2"));
	EXPECT(!image_list_read(test_directory(), &other, &found));
}

TEST(a_damaged_list_counts_as_none)
{
	CLEANUP(strvec_release) struct strvec found = STRVEC_INIT;
	char hex[DIGEST_HEX_LENGTH + 1];
	struct digest index;

	digest_of("a", 1, &index);
	remember(&index, "quay.io/a/b:v1", "quay.io/c/d:v2");
	CLEANUP(free_string) char *path =
		xasprintf("%s/catalogs/%s", test_directory(), digest_format_hex(&index, hex));
	CLEANUP(close_file) int fd = open(path, O_WRONLY | O_CLOEXEC);
	EXPECT(pwrite(fd, "X", 1, 3) == 1);
	EXPECT(!image_list_read(test_directory(), &index, &found));
	EXPECT(ftruncate(fd, 10) == 0);
	EXPECT(!image_list_read(test_directory(), &index, &found));
	EXPECT(found.count == 0);
}

TEST(a_list_with_a_line_end_in_it_is_not_kept)
{
	CLEANUP(strvec_release) struct strvec found = STRVEC_INIT;
	struct digest index;

	digest_of("a", 1, &index);
	remember(&index, "quay.io/a/b:v1", "two\nlines");
	EXPECT(!image_list_read(test_directory(), &index, &found));
}
