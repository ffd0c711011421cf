/* SPDX-License-Identifier: Apache-2.0 */
#include "document/writer.h"
#include "tests/tap.h"

static void write_sample(struct json_writer *writer)
{
	json_open_object(writer, NULL);
	json_write_string(writer, "name", "a\"\\\n\x01\xC3\xA9\xFF\x7F");
	json_open_array(writer, "list");
	json_write_unsigned(writer, NULL, UINT64_MAX);
	json_write_real(writer, NULL, -1.0005);
	json_write_boolean(writer, NULL, true);
	json_close_array(writer);
	json_open_object(writer, "none");
	json_close_object(writer);
	json_open_array(writer, "empty");
	json_close_array(writer);
	json_write_real(writer, "seconds", 12.3456);
	json_close_object(writer);
}

TEST(compact_json_has_no_white_space)
{
	CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT;
	struct json_writer writer = JSON_WRITER_INIT(&out, 0);

	write_sample(&writer);
	EXPECT_STRING(out.buf, "{\"name\":\"a\\\"\\\\\\n\\u0001\xC3\xA9\xEF\xBF\xBD\\u007f\","
			       "\"list\":[18446744073709551615,-1.001,true],\"none\":{},\"empty\":[],"
			       "\"seconds\":12.346}");
}

TEST(indented_json_has_a_line_for_each_member)
{
	CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT;
	struct json_writer writer = JSON_WRITER_INIT(&out, 2);

	write_sample(&writer);
	EXPECT_STRING(out.buf, "{\n"
			       "  \"name\": \"a\\\"\\\\\\n\\u0001\xC3\xA9\xEF\xBF\xBD\\u007f\",\n"
			       "  \"list\": [\n"
			       "    18446744073709551615,\n"
			       "    -1.001,\n"
			       "    true\n"
			       "  ],\n"
			       "  \"none\": {},\n"
			       "  \"empty\": [],\n"
			       "  \"seconds\": 12.346\n"
			       "}");
}

TEST(what_is_not_a_json_number_is_null)
{
	CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT;
	struct json_writer writer = JSON_WRITER_INIT(&out, 0);

	json_open_array(&writer, NULL);
	json_write_real(&writer, NULL, __builtin_inf());
	json_write_real(&writer, NULL, __builtin_nan(""));
	json_write_real(&writer, NULL, 0.0004);
	json_close_array(&writer);
	EXPECT_STRING(out.buf, "[null,null,0.000]");
}

static const struct {
	const char *text, *want;
} scalars[] = {
	{"quay.io/a@sha256:00", "quay.io/a@sha256:00"},
	{"host:5000/x", "host:5000/x"},
	{"redhat-operator-index-0", "redhat-operator-index-0"},
	{"*.example.com", "'*.example.com'"},
	{"true", "\"true\""},
	{"y", "\"y\""},
	{"Off", "\"Off\""},
	{"yEs", "yEs"},
	{"", "\"\""},
	{"~", "\"~\""},
	{"null", "\"null\""},
	{"<<", "\"<<\""},
	{"12", "\"12\""},
	{"-12", "\"-12\""},
	{"0x1f", "\"0x1f\""},
	{"0o17", "\"0o17\""},
	{"0b11", "\"0b11\""},
	{"007", "\"007\""},
	{"1_000", "\"1_000\""},
	{"1.5", "\"1.5\""},
	{"1e3", "\"1e3\""},
	{".5", "\".5\""},
	{".inf", "\".inf\""},
	{".nan", "\".nan\""},
	{"5e", "5e"},
	{"1.2.3", "1.2.3"},
	{"0x", "0x"},
	{"v1", "v1"},
	{".", "."},
	{"2001-1-31", "\"2001-1-31\""},
	{"2001-01-31T10:00:00Z", "\"2001-01-31T10:00:00Z\""},
	{"2001-01-31-x", "2001-01-31-x"},
	{"1:20", "\"1:20\""},
	{"1:99", "1:99"},
	{"190:20:30.15", "\"190:20:30.15\""},
	{"# a", "'# a'"},
	{"a #b", "'a #b'"},
	{"a#b", "a#b"},
	{"a: b", "'a: b'"},
	{"a:", "'a:'"},
	{"- a", "'- a'"},
	{"-a", "-a"},
	{"-", "'-'"},
	{"?", "'?'"},
	{"---x", "'---x'"},
	{"...", "'...'"},
	{" a", "' a'"},
	{"a ", "'a '"},
	{"'a", "'''a'"},
	{"it's", "it's"},
	{"\"a", "'\"a'"},
	{"%a", "'%a'"},
	{"@a", "'@a'"},
	{"`a", "'`a'"},
	{"[a]", "'[a]'"},
	{"a\tb", "\"a\\tb\""},
	{"a\x7F", "\"a\\u007f\""},
	{"\xC3\xA9", "\xC3\xA9"},
	{"\xFF", "\"\xEF\xBF\xBD\""},
	{"\xE2\x80\xA8", "\"\\u2028\""},
};

TEST(yaml_scalars_are_quoted_as_oc_quotes_them)
{
	for (size_t i = 0; i < ARRAY_LENGTH(scalars); i++) {
		CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT;
		yaml_scalar(&out, scalars[i].text);
		EXPECT_STRING(out.buf, scalars[i].want);
	}
}
