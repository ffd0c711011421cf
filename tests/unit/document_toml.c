/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/strbuf.h"
#include "document/document.h"
#include "tests/tap.h"

static int parse(struct document **document, const char *text, struct error *err)
{
	return document_parse_toml(document, "registries.conf", text, strlen(text), err);
}

/* A string member of the root, or NULL. */
static const char *root_string(const struct document *document, const char *key)
{
	struct error err = ERROR_INIT;
	struct node root = document_root(document);
	struct node member = node_member(&root, key);
	const char *text = NULL;

	EXPECT_OK(node_optional_string(&member, &text, &err), &err);
	return text;
}

TEST(a_registries_conf_is_read)
{
	static const char text[] = "# comment\r\n"
				   "unqualified-search-registries = [\n"
				   "  \"registry.access.redhat.com\", # first\n"
				   "  'docker.io',\n"
				   "]\n"
				   "short-name-mode = \"\"\n"
				   "\n"
				   "[[registry]]\n"
				   "  prefix = \"\"\n"
				   "  location = \"quay.io/openshift\" # behind\n"
				   "  mirror-by-digest-only = true\n"
				   "\n"
				   "  [[registry.mirror]]\n"
				   "    location = \"reg.example.com:5000/a\"\n"
				   "    insecure = false\n"
				   "  [[registry.mirror]]\n"
				   "    location = \"reg.example.com:5000/b\"\n"
				   "[[registry]]\n"
				   "location = \"docker.io\"\n"
				   "[[registry.mirror]]\n"
				   "location = \"c\"\n"
				   "[aliases]\n"
				   "\"almalinux\" = \"docker.io/library/almalinux\"";
	struct error err = ERROR_INIT;
	CLEANUP(document_freep) struct document *document = NULL;

	EXPECT_OK(parse(&document, text, &err), &err);
	struct node root = document_root(document);
	struct node search = node_member(&root, "unqualified-search-registries");
	EXPECT(node_count(&search) == 2);
	struct node registries = node_member(&root, "registry");
	EXPECT(node_count(&registries) == 2);
	struct node first = node_element(&registries, 0);
	struct node mirrors = node_member(&first, "mirror");
	EXPECT(node_count(&mirrors) == 2);
	struct node second_mirror = node_element(&mirrors, 1);
	struct node location = node_member(&second_mirror, "location");
	const char *value = NULL;
	EXPECT_OK(node_string(&location, &value, &err), &err);
	EXPECT_STRING(value, "reg.example.com:5000/b");
	bool only = false;
	struct node by_digest = node_member(&first, "mirror-by-digest-only");
	EXPECT_OK(node_optional_boolean(&by_digest, false, &only, &err), &err);
	EXPECT(only);
	struct node second = node_element(&registries, 1);
	struct node of_second = node_member(&second, "mirror");
	EXPECT(node_count(&of_second) == 1);
	struct node aliases = node_member(&root, "aliases");
	struct node alias = node_member(&aliases, "almalinux");
	EXPECT_OK(node_string(&alias, &value, &err), &err);
	EXPECT_STRING(value, "docker.io/library/almalinux");
}

TEST(strings_have_four_forms)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{"s = \"a\\tb\\\"\\\\ \\u00e9\\U0001F600\"", "a\tb\"\\ \xC3\xA9\xF0\x9F\x98\x80"},
		{"s = 'C:\\new \"x\"'", "C:\\new \"x\""},
		{"s = \"\"\"\na\nb\"\"\"", "a\nb"},
		{"s = \"\"\"a\\\n   \n  b\"\"\"", "ab"},
		{"s = \"\"\"a\\  \n b\"\"\"", "ab"},
		{"s = \"\"\"\"quoted\"\"\"\"", "\"quoted\""},
		{"s = \"\"\"x\"\"\"\"\"", "x\"\""},
		{"s = '''\r\na'b\\\n'''", "a'b\\\n"},
		{"s = ''", ""},
		{"s = \"\"", ""},
		{"s = '''it''s'''", "it''s"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct error err = ERROR_INIT;
		CLEANUP(document_freep) struct document *document = NULL;
		EXPECT_OK(parse(&document, cases[i].text, &err), &err);
		if (document)
			EXPECT_STRING(root_string(document, "s"), cases[i].want);
	}
}

TEST(keys_may_be_dotted_quoted_and_numbers)
{
	struct error err = ERROR_INIT;
	CLEANUP(document_freep) struct document *document = NULL;

	EXPECT_OK(parse(&document,
			"a . b.\"c.d\" = 0x1F\na.e = -1_0\n1 = 0b101\n[x.y]\n[x]\nz = 0o17\n"
			"[a.b.f]\ng = {h = {}, i.j = [[1], []]}\n",
			&err),
		  &err);
	struct node root = document_root(document);
	struct node a = node_member(&root, "a");
	struct node b = node_member(&a, "b");
	struct node number = node_member(&b, "c.d");
	uint64_t value = 0;
	EXPECT_OK(node_unsigned(&number, 99, &value, &err), &err);
	EXPECT(value == 31);
	struct node one = node_member(&root, "1");
	EXPECT_OK(node_unsigned(&one, 99, &value, &err), &err);
	EXPECT(value == 5);
	struct node f = node_member(&b, "f");
	struct node g = node_member(&f, "g");
	struct node i = node_member(&g, "i");
	struct node j = node_member(&i, "j");
	CLEANUP(free_string) char *path = node_path(&j);
	EXPECT_STRING(path, "a.b.f.g.i.j");
	EXPECT(node_count(&j) == 2);
}

static const struct {
	const char *text, *message;
} mistakes[] = {
	{"a = 1\na = 2", "registries.conf: line 2: \"a\" is defined twice"},
	{"[a]\n[a]", "line 2: \"a\" is defined twice"},
	{"[a.b]\n[a]\n[a]", "line 3: \"a\" is defined twice"},
	{"[[a]]\n[a]", "line 2: \"a\" is defined twice"},
	{"[a]\n[[a]]", "line 2: \"a\" is defined twice"},
	{"a = []\n[[a]]", "line 2: \"a\" is defined twice"},
	{"a = {}\n[a.b]", "line 2: \"a\" is defined twice"},
	{"a = {b = 1}\na.c = 2", "line 2: \"a\" is defined twice"},
	{"a.b = 1\n[a]", "line 2: \"a\" is defined twice"},
	{"[a.b]\nc = 1\n[a]\nb.d = 1", "line 4: \"b\" is defined twice"},
	{"a = {b = 1, b = 2}", "line 1: \"b\" is defined twice"},
	{"a = 1 b = 2", "a line end is expected"},
	{"a = 1.5", "1.5 is not a 64-bit integer"},
	{"a = 2001-01-01T00:00:00Z", "2001-01-01T00:00:00Z is not a 64-bit integer"},
	{"a = 99999999999999999999", "is not a 64-bit integer"},
	{"a = 012", "012 is not"},
	{"a = 1__0", "is not"},
	{"a = _1", "a value is expected"},
	{"a = 0x", "is not"},
	{"a = +0x1", "is not"},
	{"a = -", "is not"},
	{"a = 0b12", "is not"},
	{"a = 0o8", "is not"},
	{"a = True", "a value is expected"},
	{"a =", "a value is expected"},
	{"a", "a key needs = here"},
	{"= 1", "a key is expected"},
	{"a. = 1", "a key is expected"},
	{"[]", "a key is expected"},
	{"[a", "a table header is not closed"},
	{"[[a]", "a table header is not closed"},
	{"[a] b = 1", "a line end is expected"},
	{"a = [1 2]", "an array needs a comma"},
	{"a = [1,,2]", "a value is expected"},
	{"a = [1", "an array needs a comma"},
	{"a = {b = 1,}", "a key is expected"},
	{"a = {b = 1\n}", "an inline table needs a comma"},
	{"\n\na = \"x", "line 3: a string is not closed"},
	{"a = \"x\ny\"", "a line end"},
	{"a = 'x\ny'", "a line end"},
	{"a = '''x", "a string is not closed"},
	{"a = \"\\x41\"", "an unknown escape"},
	{"a = \"\\u00g0\"", "an escape needs 4"},
	{"a = \"\\u0000\"", "names no character"},
	{"a = \"\\uD800\"", "names no character"},
	{"a = \"\\U00110000\"", "names no character"},
	{"a = \"\xFF\"", "is not UTF-8"},
	{"\"\xFF\" = 1", "is not UTF-8"},
	{"a = \"\x01\"", "a control character"},
	{"# \x01", "a comment contains"},
	{"\"\"\"a\"\"\" = 1", "a key must be on one line"},
	{"'''a\nb''' = 1", "a key must be on one line"},
	{"a = 1\rb = 2", "a line end"},
	{"a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q = 1", "a key has more than 16 parts"},
};

TEST(mistakes_are_refused_with_their_line)
{
	for (size_t i = 0; i < ARRAY_LENGTH(mistakes); i++) {
		struct error err = ERROR_INIT;
		struct document *document = NULL;
		EXPECT_ERROR(parse(&document, mistakes[i].text, &err), &err, ERROR_INVALID,
			     mistakes[i].message);
	}
}

TEST(a_nul_is_refused)
{
	struct error err = ERROR_INIT;
	struct document *document = NULL;

	EXPECT_ERROR(document_parse_toml(&document, "x", "a = \"\0\"", 7, &err), &err, ERROR_INVALID,
		     "a control character");
	EXPECT_ERROR(document_parse_toml(&document, "x", "a\0 = 1", 6, &err), &err, ERROR_INVALID,
		     "a key needs =");
	EXPECT_ERROR(document_parse_toml(&document, "x", "a = 1\0", 6, &err), &err, ERROR_INVALID,
		     "a line end is expected");
}

TEST(toml_nesting_has_an_end)
{
	struct error err = ERROR_INIT;
	struct document *document = NULL;
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;

	strbuf_add_string(&text, "a = ");
	for (size_t i = 0; i < 100000; i++)
		strbuf_add_string(&text, i % 2 ? "[" : "[[");
	EXPECT_ERROR(parse(&document, text.buf, &err), &err, ERROR_INVALID, "nested deeper than 64");
	strbuf_reset(&text);
	strbuf_add_string(&text, "a = ");
	for (size_t i = 0; i < 1000; i++)
		strbuf_add_string(&text, "{a=");
	EXPECT_ERROR(parse(&document, text.buf, &err), &err, ERROR_INVALID, "nested deeper than 64");
}
