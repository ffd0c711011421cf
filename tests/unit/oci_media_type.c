/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/media_type.h"

#include "tests/tap.h"

TEST(the_four_types_are_known_by_name)
{
	for (int type = MANIFEST_OCI_IMAGE; type <= MANIFEST_DOCKER_LIST; type++)
		EXPECT(manifest_type_parse(manifest_type_name((enum manifest_type)type)) ==
		       (enum manifest_type)type);
	EXPECT_STRING(manifest_type_name(MANIFEST_OCI_INDEX), "application/vnd.oci.image.index.v1+json");
	EXPECT_STRING(manifest_type_name(MANIFEST_UNKNOWN), "");
}

TEST(parameters_case_and_blanks_do_not_matter)
{
	EXPECT(manifest_type_parse(MEDIA_TYPE_OCI_INDEX "; charset=utf-8") == MANIFEST_OCI_INDEX);
	EXPECT(manifest_type_parse(" Application/vnd.OCI.image.manifest.v1+JSON ;x") == MANIFEST_OCI_IMAGE);
	EXPECT(manifest_type_parse(MEDIA_TYPE_DOCKER_LIST "\t") == MANIFEST_DOCKER_LIST);
}

TEST(anything_else_is_unknown)
{
	EXPECT(manifest_type_parse(NULL) == MANIFEST_UNKNOWN);
	EXPECT(manifest_type_parse("") == MANIFEST_UNKNOWN);
	EXPECT(manifest_type_parse(" ; ") == MANIFEST_UNKNOWN);
	EXPECT(manifest_type_parse("application/json") == MANIFEST_UNKNOWN);
	EXPECT(manifest_type_parse(MEDIA_TYPE_OCI_INDEX "x") == MANIFEST_UNKNOWN);
	EXPECT(manifest_type_parse(MEDIA_TYPE_DOCKER_SCHEMA1) == MANIFEST_UNKNOWN);
	EXPECT(manifest_type_parse(MEDIA_TYPE_DOCKER_SCHEMA1_SIGNED) == MANIFEST_UNKNOWN);
}

TEST(indexes_and_lists_have_children)
{
	EXPECT(manifest_type_is_index(MANIFEST_OCI_INDEX));
	EXPECT(manifest_type_is_index(MANIFEST_DOCKER_LIST));
	EXPECT(!manifest_type_is_index(MANIFEST_OCI_IMAGE));
	EXPECT(!manifest_type_is_index(MANIFEST_DOCKER_IMAGE));
	EXPECT(!manifest_type_is_index(MANIFEST_UNKNOWN));
}
