/* SPDX-License-Identifier: Apache-2.0 */
#include "cluster/catalog_source.h"
#include "tests/tap.h"

#define DIGEST "sha256:154d7e0295a94fb3d2a97309d711186a98a7308da37a5cd3d50360c6b2ba57de"

static void expect_source(const char *index_text, const char *target_text, const char *name,
			  const char *image)
{
	struct error err = ERROR_INIT;
	CLEANUP(reference_release) struct reference index = REFERENCE_INIT;
	CLEANUP(reference_release) struct reference target = REFERENCE_INIT;
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;

	EXPECT_OK(reference_parse(&index, index_text, &err), &err);
	EXPECT_OK(reference_parse(&target, target_text, &err), &err);
	catalog_source_text(&index, &target, &text);
	CLEANUP(free_string) char *want = xasprintf("apiVersion: operators.coreos.com/v1alpha1\n"
						    "kind: CatalogSource\n"
						    "metadata:\n"
						    "  name: %s\n"
						    "  namespace: openshift-marketplace\n"
						    "spec:\n"
						    "  image: %s\n"
						    "  sourceType: grpc\n",
						    name, image);
	EXPECT_STRING(text.buf, want);
}

TEST(a_catalog_source_is_called_like_the_index)
{
	expect_source("quay.io/the/index:1", "quay.io/the/index:1", "index", "quay.io/the/index:1");
}

TEST(an_index_by_digest_is_used_by_digest)
{
	expect_source("quay.io/the/index@" DIGEST, "reg.example.com/the/index:12ab@" DIGEST, "index",
		      "reg.example.com/the/index@" DIGEST);
}

TEST(slashes_in_the_name_become_dashes_and_numbers_are_quoted)
{
	expect_source("quay.io/a/b/c:1", "reg.example.com/a/b-c:1", "b-c", "reg.example.com/a/b-c:1");
	expect_source("quay.io/a/12:1", "reg.example.com/a/12:1", "\"12\"", "reg.example.com/a/12:1");
}
