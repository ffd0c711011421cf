/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/strbuf.h"
#include "document/document.h"
#include "tests/tap.h"

static int parse(struct document **document, const char *text, struct error *err)
{
	return document_parse_yaml(document, "policy.yaml", text, strlen(text), err);
}

TEST(all_documents_of_a_stream_are_an_array)
{
	struct error err = ERROR_INIT;
	CLEANUP(document_freep) struct document *document = NULL;

	EXPECT_OK(parse(&document, "---\na: 1\n---\n---\n# nothing\n---\n- b\n...\n", &err), &err);
	struct node root = document_root(document);
	EXPECT(node_type(&root) == NODE_ARRAY);
	EXPECT(node_count(&root) == 2);
	struct node second = node_element(&root, 1);
	EXPECT(node_type(&second) == NODE_ARRAY);

	CLEANUP(document_freep) struct document *empty = NULL;
	EXPECT_OK(parse(&empty, "", &err), &err);
	struct node nothing = document_root(empty);
	EXPECT(node_type(&nothing) == NODE_ARRAY);
	EXPECT(node_count(&nothing) == 0);
}

TEST(a_policy_is_read_with_paths)
{
	static const char policy[] = "apiVersion: config.openshift.io/v1\n"
				     "kind: ImageDigestMirrorSet\n"
				     "metadata:\n"
				     "  labels:\n"
				     "    operators.openshift.org/catalog: \"true\"\n"
				     "spec:\n"
				     "  imageDigestMirrors:\n"
				     "  - mirrors:\n"
				     "    - reg.example.com:5000/ns/a\n"
				     "    - 'other'\n"
				     "    source: quay.io/a\n";
	struct error err = ERROR_INIT;
	CLEANUP(document_freep) struct document *document = NULL;

	EXPECT_OK(parse(&document, policy, &err), &err);
	struct node root = document_root(document);
	struct node first = node_element(&root, 0);
	struct node spec = node_member(&first, "spec");
	struct node entries = node_member(&spec, "imageDigestMirrors");
	struct node entry = node_element(&entries, 0);
	struct node mirrors = node_member(&entry, "mirrors");
	CLEANUP(strvec_release) struct strvec list = STRVEC_INIT;
	EXPECT_OK(node_strings(&mirrors, &list, &err), &err);
	EXPECT(list.count == 2);
	EXPECT_STRING(list.items[0], "reg.example.com:5000/ns/a");
	uint64_t number = 0;
	struct node source = node_member(&entry, "source");
	EXPECT_ERROR(node_unsigned(&source, 1, &number, &err), &err, ERROR_INVALID,
		     "policy.yaml: [0].spec.imageDigestMirrors[0].source: is a string, should be a number");
}

TEST(plain_scalars_mean_what_the_core_schema_says)
{
	static const struct {
		const char *text;
		enum node_type type;
	} cases[] = {
		{"[~]", NODE_ABSENT},
		{"[null]", NODE_ABSENT},
		{"[NULL]", NODE_ABSENT},
		{"[true]", NODE_BOOLEAN},
		{"[False]", NODE_BOOLEAN},
		{"[yes]", NODE_STRING},
		{"[on]", NODE_STRING},
		{"[12]", NODE_INTEGER},
		{"[-1]", NODE_INTEGER},
		{"[+7]", NODE_INTEGER},
		{"[0o17]", NODE_INTEGER},
		{"[0x1F]", NODE_INTEGER},
		{"[0b1]", NODE_STRING},
		{"[1_000]", NODE_STRING},
		{"[1.5]", NODE_REAL},
		{"[.5]", NODE_REAL},
		{"[1e3]", NODE_REAL},
		{"[1.]", NODE_REAL},
		{"[.]", NODE_STRING},
		{"[-]", NODE_STRING},
		{"[1e]", NODE_STRING},
		{"[99999999999999999999]", NODE_REAL},
		{"[0xffffffffffffffff]", NODE_REAL},
		{"[2001-01-01]", NODE_STRING},
		{"[1:20]", NODE_STRING},
		{"[\"true\"]", NODE_STRING},
		{"['12']", NODE_STRING},
		{"- |\n  12\n", NODE_STRING},
		{"[quay.io/a@sha256:0]", NODE_STRING},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct error err = ERROR_INIT;
		CLEANUP(document_freep) struct document *document = NULL;
		EXPECT_OK(parse(&document, cases[i].text, &err), &err);
		struct node root = document_root(document);
		struct node first = node_element(&root, 0);
		struct node value = node_element(&first, 0);
		if (node_type(&value) != cases[i].type)
			test_fail(__FILE__, __LINE__, "type of %s", cases[i].text);
	}
}

TEST(octal_and_hexadecimal_integers_have_their_value)
{
	struct error err = ERROR_INIT;
	CLEANUP(document_freep) struct document *document = NULL;
	static const uint64_t want[] = {15, 31, 7, 10};

	EXPECT_OK(parse(&document, "[0o17, 0x1F, +7, 010]", &err), &err);
	struct node root = document_root(document);
	struct node list = node_element(&root, 0);
	for (size_t i = 0; i < 4; i++) {
		struct node element = node_element(&list, i);
		uint64_t number = 0;
		EXPECT_OK(node_unsigned(&element, 99, &number, &err), &err);
		EXPECT(number == want[i]);
	}
}

TEST(keys_are_text_whatever_they_look_like)
{
	struct error err = ERROR_INIT;
	CLEANUP(document_freep) struct document *document = NULL;

	EXPECT_OK(parse(&document, "1: a\ntrue: b\n\"<<\": c\n", &err), &err);
	struct node root = document_root(document);
	struct node map = node_element(&root, 0);
	const char *text = NULL;
	struct node member = node_member(&map, "true");
	EXPECT_OK(node_string(&member, &text, &err), &err);
	EXPECT_STRING(text, "b");
}

TEST(what_makes_a_text_ambiguous_or_large_is_refused_with_its_line)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{"a: 1\nb: *x\n", "policy.yaml: line 2: aliases are not read"},
		{"a: &x 1\n", "line 1: anchors are not read"},
		{"a: &x [1]\n", "anchors are not read"},
		{"a: &x {}\n", "anchors are not read"},
		{"a: !!str 1\n", "line 1: tags are not read"},
		{"a: !go/struct {}\n", "tags are not read"},
		{"a: 1\nb: 2\na: 3\n", "line 3: the key \"a\" is given twice"},
		{"{a: 1, a: 1}", "given twice"},
		{"a:\n  <<: {b: 1}\n", "line 2: merge keys (<<) are not read"},
		{"? [a]\n: 1\n", "a key must be a scalar"},
		{"? {a: 1}\n: 1\n", "a key must be a scalar"},
		{"a: \"x\\0y\"\n", "contains a NUL"},
		{"\"x\\0y\": 1\n", "contains a NUL"},
		{"a: .inf\n", "is a number without end"},
		{"a: 1e999\n", "is a number without end"},
		{"a: [1\n", "line "},
		{"a: b: c\n", "line 1: mapping values are not allowed"},
		{"a: \"\xFF\"\n", "line "},
		{"\xFF\xFE"
		 "a\0",
		 "line "},
		{"\ta: 1\n", "line 1"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct error err = ERROR_INIT;
		struct document *document = NULL;
		EXPECT_ERROR(parse(&document, cases[i].text, &err), &err, ERROR_INVALID, cases[i].message);
	}
}

TEST(yaml_nesting_ends_at_64)
{
	for (size_t depth = 64; depth <= 65; depth++) {
		CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;
		for (size_t i = 0; i < depth; i++)
			strbuf_add_string(&text, i % 2 ? "{a: " : "[");
		for (size_t i = depth; i-- > 0;)
			strbuf_add_string(&text, i % 2 ? "}" : "]");
		struct error err = ERROR_INIT;
		CLEANUP(document_freep) struct document *document = NULL;
		if (depth == 64)
			EXPECT_OK(parse(&document, text.buf, &err), &err);
		else
			EXPECT_ERROR(parse(&document, text.buf, &err), &err, ERROR_INVALID,
				     "nested deeper than 64 levels");
	}
}
