/* SPDX-License-Identifier: Apache-2.0 */
#include "document/jsonpath.h"

#include <string.h>

#include "document/document.h"
#include "document/node_writer.h"
#include "tests/tap.h"

static const char sample[] =
	"{\"digest\": \"sha256:12\", \"size\": 12345678901, \"real\": 0.25, \"is\": true, \"none\": null,"
	" \"a.b\": {\"z\": \"<1>\", \"y\": [1, {\"d\": 1, \"c\": 2}]},"
	" \"tags\": [{\"name\": \"cli\", \"from\": {\"kind\": \"A\", \"name\": \"q/a\"}},"
	" {\"name\": \"etcd\", \"from\": {\"kind\": \"B\", \"name\": \"q/b\"}}, {\"name\": \"bare\"}, 7]}";

static int evaluate(const char *template, struct strbuf *out, struct error *err)
{
	CLEANUP(document_freep) struct document *document = NULL;
	CLEANUP(jsonpath_freep) struct jsonpath *path = NULL;

	if (jsonpath_parse(&path, template, err) < 0 ||
	    document_parse_json(&document, "sample", sample, strlen(sample), err) < 0)
		return -1;
	struct node root = document_root(document);
	return jsonpath_evaluate(path, &root, out, err);
}

TEST(templates_print_what_kubectl_prints)
{
	static const char *const table[][2] = {
		{"", ""},
		{"digest", "digest"},
		{"{.digest}", "sha256:12"},
		{"{.digest}{\"\\n\"}", "sha256:12\n"},
		{"{ .digest }", "sha256:12"},
		{"a={.digest},{'b\\t\\'\\\\'}{\"}\"}}", "a=sha256:12,b\t'\\}}"},
		{"{['digest']}", "sha256:12"},
		{"{[\"digest\"]}", "sha256:12"},
		{"{.size} {.real} {.is} {.none}", "12345678901 0.25 true null"},
		{"{.a\\.b.z}", "<1>"},
		{"{['a.b'].z}{['a\\.b']['z']}", "<1><1>"},
		{"{.a\\.b}", "{\"y\":[1,{\"c\":2,\"d\":1}],\"z\":\"\\u003c1\\u003e\"}"},
		{"{.a\\.b.y}", "[1,{\"c\":2,\"d\":1}]"},
		{"{.tags[1].from.name}", "q/b"},
		{"{.tags[*].name}", "cli etcd bare"},
		{"{.tags[*].from.name}", "q/a q/b"},
		{"{.tags[0].from[*]}", "A q/a"},
		{"{.tags[?(@.name==\"etcd\")].from.name}", "q/b"},
		{"{.tags[?( @.from.kind == 'A' )].name}", "cli"},
		{"{.tags[?(@.name==\"x\")]}", ""},
		{"{.digest[*]}", ""},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(table); i++) {
		CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT;
		CLEANUP(error_clear) struct error err = ERROR_INIT;
		EXPECT_OK(evaluate(table[i][0], &out, &err), &err);
		EXPECT_STRING(out.buf, table[i][1]);
	}
}

TEST(what_is_not_there_is_an_error)
{
	static const char *const table[][2] = {
		{"{.foo}", "foo is not found"},
		{"{.digest.foo}", "foo is not found"},
		{"{.tags.name}", "name is not found"},
		{"{.tags[9]}", "element 9 is not found"},
		{"{.digest[0]}", "element 0 is not found"},
		{"{.tags[?(@.name==\"x\")].from}", "from is not found"},
		{"{.\x1b[*]}", "\\x1b is not found"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(table); i++) {
		CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT;
		CLEANUP(error_clear) struct error err = ERROR_INIT;
		EXPECT_ERROR(evaluate(table[i][0], &out, &err), &err, ERROR_INVALID, table[i][1]);
	}
}

TEST(what_is_not_understood_is_refused_with_its_place)
{
	static const char *const table[][2] = {
		{"{", "character 2: a path"},
		{"{}", "character 2: a path"},
		{"ab{x}", "character 4: a path"},
		{"{.}", "character 3: the name"},
		{"{..digest}", "character 3: the name"},
		{"{.*}", "character 3: the name"},
		{"{.digest", "character 9: '}'"},
		{"{.a .b}", "character 5: '}'"},
		{"{range .tags[*]}", "character 2: a path"},
		{"{$.digest}", "character 2: a path"},
		{"{.tags[-1]}", "character 8: a number"},
		{"{.tags[0:2]}", "character 9: ']'"},
		{"{.tags[99999999999999999999]}", "character 8: a number"},
		{"{.tags['a','b']}", "character 11: ']'"},
		{"{.tags['a}", "character 8: this quote"},
		{"{\"a}", "character 2: this quote"},
		{"{\"\\q\"}", "character 3: only \\n"},
		{"{\"\\", "character 3: only \\n"},
		{"{.a['\\", "character 5: this quote"},
		{"{.tags[?(.name==\"x\")]}", "character 10: a filter is"},
		{"{.tags[?(@.name!=\"x\")]}", "character 16: a filter can compare"},
		{"{.tags[?(@.name==5)]}", "character 18: a filter compares"},
		{"{.tags[?(@.name==\"x\"]}", "character 21: ')]'"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(table); i++) {
		CLEANUP(jsonpath_freep) struct jsonpath *path = NULL;
		CLEANUP(error_clear) struct error err = ERROR_INIT;
		EXPECT_ERROR(jsonpath_parse(&path, table[i][0], &err), &err, ERROR_USAGE, table[i][1]);
	}
}

TEST(nodes_are_written_as_they_were_read_or_sorted)
{
	static const char text[] =
		"{\"b\": {\"d\": 1e-7, \"c\": -9223372036854775808}, \"a\": [null, \"&\"]}";
	static const char *const sorted[] = {"b", NULL};
	CLEANUP(document_freep) struct document *document = NULL;
	CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT;
	struct json_writer writer = JSON_WRITER_INIT(&out, 0);
	struct error err = ERROR_INIT;

	EXPECT_OK(document_parse_json(&document, "sample", text, strlen(text), &err), &err);
	struct node root = document_root(document);
	json_open_array(&writer, NULL);
	json_write_node(&writer, NULL, &root, NULL);
	json_write_node(&writer, NULL, &root, sorted);
	writer.escapes_html = true;
	json_write_node(&writer, NULL, &root, json_sort_all);
	json_close_array(&writer);
	EXPECT_STRING(out.buf, "[{\"b\":{\"d\":1e-07,\"c\":-9223372036854775808},\"a\":[null,\"&\"]},"
			       "{\"b\":{\"c\":-9223372036854775808,\"d\":1e-07},\"a\":[null,\"&\"]},"
			       "{\"a\":[null,\"\\u0026\"],\"b\":{\"c\":-9223372036854775808,\"d\":1e-07}}]");
}
