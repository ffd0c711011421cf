/* SPDX-License-Identifier: Apache-2.0 */
/* Which images a text of documents names. */
#include "catalog/images.h"

#include <string.h>

#include "base/strbuf.h"
#include "tests/tap.h"

typedef int images_function(const char *text, size_t length, uint64_t first_line, struct strvec *images,
			    struct error *err);

static void expect_images(images_function *read, const char *text, const char *want)
{
	CLEANUP(strvec_release) struct strvec images = STRVEC_INIT;
	CLEANUP(strbuf_release) struct strbuf joined = STRBUF_INIT;
	struct error err = ERROR_INIT;

	EXPECT_OK(read(text, strlen(text), 1, &images, &err), &err);
	for (size_t i = 0; i < images.count; i++)
		strbuf_addf(&joined, "%s%s", i ? " " : "", images.items[i]);
	EXPECT_STRING(joined.buf, want);
}

static void expect_refused(images_function *read, const char *text, const char *part)
{
	CLEANUP(strvec_release) struct strvec images = STRVEC_INIT;
	struct error err = ERROR_INIT;

	EXPECT_ERROR(read(text, strlen(text), 10, &images, &err), &err, ERROR_INVALID, part);
}

TEST(json_values_follow_one_another)
{
	expect_images(images_from_json, "", "");
	expect_images(images_from_json, " \n{}\t{}", "");
	expect_images(images_from_json,
		      "{\"image\":\"a\"}{\"image\":\"b\",\"relatedImages\":[{\"image\":\"c\"}]}\n", "a b c");
	expect_images(images_from_json,
		      "{\"schema\":\"x\",\"properties\":[{\"image\":\"no\"}],\"image\":\"\"}", "");
}

TEST(json_names_are_matched_in_any_case_and_the_last_counts)
{
	expect_images(images_from_json, "{\"IMAGE\":\"a\",\"RelatedIMAGES\":[{\"Image\":\"b\"}]}", "a b");
	expect_images(images_from_json, "{\"image\":\"a\",\"Image\":\"b\"}", "b");
	expect_images(images_from_json, "{\"image\":\"a\",\"image\":\"c\"}", "c");
	expect_images(images_from_json, "{\"images\":\"a\",\"imag\":\"b\"}", "");
}

TEST(json_null_is_absent_and_other_types_are_errors)
{
	expect_images(images_from_json, "{\"image\":null,\"relatedImages\":null}", "");
	expect_images(images_from_json, "{\"relatedImages\":[null,{\"image\":null},{\"name\":\"x\"}]}", "");
	expect_refused(images_from_json, "{}\n{\"image\":1}",
		       "line 11: image is a number, should be a string");
	expect_refused(images_from_json, "{\"relatedImages\":{}}",
		       "line 10: relatedImages is an object, should be a list");
	expect_refused(images_from_json, "{\"relatedImages\":[\"x\"]}",
		       "a member of relatedImages is a string");
	expect_refused(images_from_json, "{\"relatedImages\":[{\"image\":[]}]}",
		       "relatedImages.image is a list");
	expect_refused(images_from_json, "[]", "line 10: a document is a list, should be an object");
}

TEST(json_that_nobody_reads_may_hold_anything)
{
	expect_images(images_from_json,
		      "{\"x\":\"a\\u0000b\",\"n\":123456789012345678901234567890,\"image\":\"a\"}", "a");
	expect_refused(images_from_json, "{\"image\":\"a\\u0000b\"}", "image has a NUL character in it");
}

TEST(json_errors_name_the_line_in_the_file)
{
	expect_refused(images_from_json, "{\"image\":\"a\"}\n\n{\n\"image\":\n]}", "line 14: ");
	expect_refused(images_from_json, "{\"image\":\"a\"", "line 10: ");
	expect_refused(images_from_json, "{\"image\":\"a\x1b\"}", "line 10: ");
}

TEST(json_nested_without_end_is_refused)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;

	strbuf_add_string(&text, "{\"x\":");
	for (int i = 0; i < 100000; i++)
		strbuf_add_char(&text, '[');
	expect_refused(images_from_json, text.buf, "line 10: ");
}

TEST(json_values_may_stand_between_separators_of_yaml)
{
	expect_images(images_from_json, "{\"image\":\"a\"}\n---\n{\"image\":\"b\"}\n---\nimage: c\n",
		      "a b c");
}

TEST(what_begins_like_json_and_is_none_is_an_error)
{
	static const char *const texts[] = {
		"{image: a, relatedImages: [{image: b}]}",
		"{\"image\": }",
		"{\"image\":\"a\"}\n{\"image\": tru}",
	};

	for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
		CLEANUP(strvec_release) struct strvec images = STRVEC_INIT;
		struct error err = ERROR_INIT;
		EXPECT_ERROR(images_from_json(texts[i], strlen(texts[i]), 1, &images, &err), &err,
			     ERROR_INVALID, "line ");
	}
}

TEST(yaml_documents_follow_one_another)
{
	expect_images(images_from_yaml, "", "");
	expect_images(images_from_yaml, "# nothing\n---\n---\n# nothing\n", "");
	expect_images(
		images_from_yaml,
		"---\nschema: olm.bundle\nimage: a\nrelatedImages:\n- name: x\n  image: b\n- image: 'c'\n"
		"---\nIMAGE: \"d\"\n...\n",
		"a b c d");
	expect_images(images_from_yaml,
		      "properties:\n- image: no\n  relatedImages: [{image: no}]\n? [image]\n: x\n", "");
	expect_images(images_from_yaml, "image: a\nImage: b\nrelatedImages: [{image: c, image: d}]\n", "b d");
}

TEST(yaml_null_is_absent_and_other_types_are_errors)
{
	expect_images(images_from_yaml, "image:\nrelatedImages: ~\n", "");
	expect_images(images_from_yaml, "relatedImages: [null, {image: }, {image: ''}]\n", "");
	expect_images(images_from_yaml, "image: 'null'\n", "null");
	expect_images(images_from_yaml, "image: '5'\nrelatedImages: [{image: \"true\"}]\n", "5 true");
	expect_refused(images_from_yaml, "a: b\nimage: 5\n", "line 11: image should be a string; quote it");
	expect_refused(images_from_yaml, "relatedImages: [{image: true}]\n", "image should be a string");
	expect_refused(images_from_yaml, "x: &x 1.5\nimage: *x\n", "image should be a string; quote it");
	expect_refused(images_from_yaml, "a: b\nimage: [a]\n",
		       "line 11: image is a list, should be a string");
	expect_refused(images_from_yaml, "relatedImages: a\n",
		       "line 10: relatedImages is a string, should be a list");
	expect_refused(images_from_yaml, "relatedImages:\n- a\n",
		       "line 11: a member of relatedImages is a string");
	expect_refused(images_from_yaml, "a: b\n---\njust words\n",
		       "line 12: a document is a string, should be a mapping");
	expect_refused(images_from_yaml, "image: \"a\\0b\"\n", "image has a NUL character in it");
	expect_refused(images_from_yaml, "a: b\n\timage: c\n", "line 11: ");
}

TEST(yaml_aliases_and_merge_keys_are_followed)
{
	expect_images(images_from_yaml, "x: &i a\nimage: *i\n", "a");
	expect_images(images_from_yaml, "x: &l [{image: a}, {image: b}]\nrelatedImages: *l\n", "a b");
	expect_images(images_from_yaml, "x: &m {image: a}\nrelatedImages: [*m, {image: b}]\n---\nimage: c\n",
		      "a b c");
	expect_images(images_from_yaml, "x: &m {image: a, relatedImages: [{image: b}]}\n<<: *m\nimage: c\n",
		      "c b");
	expect_images(images_from_yaml,
		      "x: &m {image: a}\ny: &n {image: b}\nrelatedImages: [{<<: [*m, *n]}]\n", "a");
	expect_images(images_from_yaml, "x: &m {k: a}\ny: *m\nimage: c\n", "c");
	expect_refused(images_from_yaml, "a: b\nimage: *nothing\n", "line 11: found undefined alias");
	expect_refused(images_from_yaml, "x: &m [a]\nimage: *m\n", "image should be a string");
	expect_refused(images_from_yaml, "image: &m\n  <<: *m\n", "line 10: ");
}

TEST(yaml_aliases_do_not_explode)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;

	strbuf_add_string(&text, "a0: &a0 {x: y}\n");
	for (int i = 1; i < 16; i++) {
		strbuf_addf(&text, "a%d: &a%d {<<: [", i, i);
		for (int j = 0; j < 50; j++)
			strbuf_addf(&text, "*a%d, ", i - 1);
		strbuf_add_string(&text, "]}\n");
	}
	strbuf_add_string(&text, "<<: *a15\n");
	expect_refused(images_from_yaml, text.buf, "aliases are used too often");
}

TEST(yaml_with_too_many_anchors_is_refused)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;

	strbuf_add_string(&text, "image: &i a\nx:\n");
	for (int i = 0; i < 20000; i++)
		strbuf_addf(&text, "- &a%d b\n", i);
	expect_images(images_from_yaml, text.buf, "a");
	strbuf_add_string(&text, "relatedImages: [{image: *i}]\n");
	expect_refused(images_from_yaml, text.buf, "anchors and aliases");
}

TEST(yaml_nested_without_end_is_refused)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;

	strbuf_add_string(&text, "x: ");
	for (int i = 0; i < 10000; i++)
		strbuf_add_char(&text, '[');
	expect_refused(images_from_yaml, text.buf, "line 10: nested deeper than 256");
}

TEST(an_image_of_more_than_4096_bytes_is_refused)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;

	strbuf_add_string(&text, "{\"image\":\"");
	for (int i = 0; i < 4097; i++)
		strbuf_add_char(&text, 'x');
	strbuf_add_string(&text, "\"}");
	expect_refused(images_from_json, text.buf, "image is longer than 4096 bytes");
	expect_refused(images_from_yaml, text.buf, "image is longer than 4096 bytes");
}
