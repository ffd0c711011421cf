/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/strbuf.h"
#include "document/document.h"
#include "tests/tap.h"

static int parse(struct document **document, const char *text, struct error *err)
{
	return document_parse_json(document, "auth.json", text, strlen(text), err);
}

TEST(members_and_elements_are_found_by_name_and_position)
{
	struct error err = ERROR_INIT;
	CLEANUP(document_freep) struct document *document = NULL;

	EXPECT_OK(parse(&document, "{\"a\": {\"b\": [1, \"two\", true, null]}}", &err), &err);
	struct node root = document_root(document);
	struct node a = node_member(&root, "a");
	struct node b = node_member(&a, "b");
	EXPECT(node_type(&root) == NODE_OBJECT);
	EXPECT(node_count(&root) == 1);
	EXPECT(node_count(&b) == 4);

	struct node two = node_element(&b, 1);
	const char *text = NULL;
	EXPECT_OK(node_string(&two, &text, &err), &err);
	EXPECT_STRING(text, "two");
	CLEANUP(free_string) char *path = node_path(&two);
	EXPECT_STRING(path, "a.b[1]");

	struct node nothing = node_element(&b, 3);
	EXPECT(node_type(&nothing) == NODE_ABSENT);
	struct node beyond = node_element(&b, 4);
	EXPECT(node_type(&beyond) == NODE_ABSENT);
	struct node of_absent = node_member(&beyond, "x");
	EXPECT(node_type(&of_absent) == NODE_ABSENT);
	EXPECT(node_count(&two) == 0);
}

TEST(members_are_walked_in_the_order_of_writing)
{
	struct error err = ERROR_INIT;
	CLEANUP(document_freep) struct document *document = NULL;
	CLEANUP(strbuf_release) struct strbuf keys = STRBUF_INIT;

	EXPECT_OK(parse(&document, "{\"z\": 1, \"a\": [2], \"m\": 3}", &err), &err);
	struct node root = document_root(document);
	const char *key = NULL;
	struct node member;
	while (node_next_member(&root, &member, &key))
		strbuf_addf(&keys, "%s%zu", key, node_count(&member));
	EXPECT_STRING(keys.buf, "z0a1m0");

	struct node list = node_member(&root, "a");
	key = NULL;
	EXPECT(!node_next_member(&list, &member, &key));
	struct node nothing = node_member(&root, "x");
	EXPECT(!node_next_member(&nothing, &member, &key));
}

TEST(an_expectation_that_is_not_met_names_document_and_place)
{
	struct error err = ERROR_INIT;
	CLEANUP(document_freep) struct document *document = NULL;

	EXPECT_OK(parse(&document,
			"{\"auths\": {\"quay.io\": {\"auth\": 5}}, \"list\": [\"a\", {}],"
			"\"big\": 70, \"less\": -1, \"part\": 1.5}",
			&err),
		  &err);
	struct node root = document_root(document);
	struct node auths = node_member(&root, "auths");
	struct node quay = node_member(&auths, "quay.io");
	struct node auth = node_member(&quay, "auth");
	const char *text = NULL;
	EXPECT_ERROR(node_string(&auth, &text, &err), &err, ERROR_INVALID,
		     "auth.json: auths.quay.io.auth: is a number, should be a string");

	struct node missing = node_member(&quay, "email");
	EXPECT_ERROR(node_string(&missing, &text, &err), &err, ERROR_INVALID,
		     "auth.json: auths.quay.io.email: is missing, should be a string");
	text = "x";
	EXPECT_OK(node_optional_string(&missing, &text, &err), &err);
	EXPECT(text == NULL);
	EXPECT_ERROR(node_optional_string(&auth, &text, &err), &err, ERROR_INVALID, "is a number");
	EXPECT_ERROR(node_expect_array(&root, &err), &err, ERROR_INVALID,
		     "auth.json: is an object, should be an array");

	CLEANUP(strvec_release) struct strvec list = STRVEC_INIT;
	struct node mixed = node_member(&root, "list");
	EXPECT_ERROR(node_strings(&mixed, &list, &err), &err, ERROR_INVALID,
		     "auth.json: list[1]: is an object, should be a string");

	uint64_t number = 0;
	struct node big = node_member(&root, "big");
	EXPECT_ERROR(node_unsigned(&big, 64, &number, &err), &err, ERROR_INVALID,
		     "big: is 70, should be at most 64");
	struct node less = node_member(&root, "less");
	EXPECT_ERROR(node_unsigned(&less, 64, &number, &err), &err, ERROR_INVALID, "is negative");
	struct node part = node_member(&root, "part");
	EXPECT_ERROR(node_unsigned(&part, 64, &number, &err), &err, ERROR_INVALID, "is not a whole number");
}

TEST(booleans_have_a_fallback)
{
	struct error err = ERROR_INIT;
	CLEANUP(document_freep) struct document *document = NULL;
	bool value = false;

	EXPECT_OK(parse(&document, "{\"no\": false, \"text\": \"true\"}", &err), &err);
	struct node root = document_root(document);
	struct node no = node_member(&root, "no");
	struct node other = node_member(&root, "other");
	struct node text = node_member(&root, "text");
	EXPECT_OK(node_optional_boolean(&other, true, &value, &err), &err);
	EXPECT(value);
	EXPECT_OK(node_optional_boolean(&no, true, &value, &err), &err);
	EXPECT(!value);
	EXPECT_ERROR(node_optional_boolean(&text, true, &value, &err), &err, ERROR_INVALID,
		     "text: is a string, should be a boolean");
}

TEST(hostile_keys_are_escaped_in_messages)
{
	struct error err = ERROR_INIT;
	CLEANUP(document_freep) struct document *document = NULL;

	EXPECT_OK(parse(&document, "{\"\\u001b[31m\": 1}", &err), &err);
	struct node root = document_root(document);
	const char *key = NULL;
	struct node member = {0};
	EXPECT(node_next_member(&root, &member, &key));
	const char *text = NULL;
	EXPECT_ERROR(node_string(&member, &text, &err), &err, ERROR_INVALID,
		     "auth.json: \\x1b[31m: is a number");
}

static void nested(struct strbuf *out, size_t depth)
{
	for (size_t i = 0; i < depth; i++)
		strbuf_add_char(out, '[');
	for (size_t i = 0; i < depth; i++)
		strbuf_add_char(out, ']');
}

TEST(nesting_ends_at_64)
{
	struct error err = ERROR_INIT;
	CLEANUP(document_freep) struct document *document = NULL;
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;

	nested(&text, 64);
	EXPECT_OK(parse(&document, text.buf, &err), &err);
	strbuf_reset(&text);
	strbuf_add_string(&text, "\"[[\\\"[\" \n");
	nested(&text, 65);
	struct document *other = NULL;
	EXPECT_ERROR(parse(&other, text.buf, &err), &err, ERROR_INVALID,
		     "auth.json: line 2: is nested deeper than 64 levels");
}

TEST(what_is_not_one_json_value_is_refused_with_its_line)
{
	static const char *const texts[] = {
		"",     "{",        "{}\n{}", "{\"a\": 1,\n \"a\": 2}", "[1,]", "{'a': 1}", "\"\\u0000\"",
		"nul",  "\"\xFF\"", "[1] x",  "99999999999999999999",   "NaN",  "]",        "\"",
		"\"\\",
	};

	for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
		struct error err = ERROR_INIT;
		struct document *document = NULL;
		EXPECT_ERROR(parse(&document, texts[i], &err), &err, ERROR_INVALID, "auth.json: line ");
	}

	struct error err = ERROR_INIT;
	struct document *document = NULL;
	EXPECT_ERROR(parse(&document, "{\"a\": 1,\n \"a\": 2}", &err), &err, ERROR_INVALID, "line 2");
}

TEST(any_value_may_be_the_document)
{
	struct error err = ERROR_INIT;
	CLEANUP(document_freep) struct document *document = NULL;
	const char *text = NULL;

	EXPECT_OK(parse(&document, " \"a\" \n", &err), &err);
	struct node root = document_root(document);
	EXPECT_OK(node_string(&root, &text, &err), &err);
	EXPECT_STRING(text, "a");
}
