/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "http/address.h"
#include "http/http.h"
#include "tests/tap.h"

static void expect_origin(const char *url, const char *wanted)
{
	CLEANUP(free_string) char *origin = NULL;
	struct error err = ERROR_INIT;

	EXPECT_OK(http_origin(url, &origin, &err), &err);
	EXPECT_STRING(origin, wanted);
}

TEST(an_origin_has_lower_case_and_a_port)
{
	expect_origin("https://Quay.IO/v2/", "https://quay.io:443");
	expect_origin("HTTP://registry", "http://registry:80");
	expect_origin("https://registry:05000?x", "https://registry:5000");
	expect_origin("https://[FE80::1]:5000/a:b@c", "https://[fe80::1]:5000");
	expect_origin("https://[::1]/", "https://[::1]:443");
}

TEST(a_url_that_two_parsers_could_read_differently_is_refused)
{
	static const char *const urls[] = {
		"",
		"quay.io/v2/",
		"ftp://quay.io/",
		"file:///etc/passwd",
		"https:/quay.io/",
		"https:quay.io",
		"https:///quay.io/",
		"https://",
		"https://user@quay.io/",
		"https://user:pw@quay.io/",
		"https://quay.io\\@evil/",
		"https://quay.io/#f",
		"https://quay.io/a b",
		"https://quay.io/\r\nX: y",
		"https://quay.io/\x7f",
		"https://quay.io:/",
		"https://quay.io:0/",
		"https://quay.io:65536/",
		"https://quay.io:80x/",
		"https://quay%2eio/",
		"https://[::1/",
		"https://::1/",
		"https://[::g]/",
		"https://[fe80::1%25eth0]/",
		"https://a:b:1/",
		"https://[::1]x:1/",
		"https://qu\xc3\xa4y/",
		"gopher://x",
		"https://../a",
	};
	struct error err = ERROR_INIT;

	for (size_t i = 0; i < ARRAY_LENGTH(urls); i++) {
		char *origin = NULL;
		EXPECT_ERROR(http_origin(urls[i], &origin, &err), &err, ERROR_INVALID, "URL '");
	}
}

static void expect_resolved(const char *location, const char *wanted)
{
	CLEANUP(free_string) char *url = NULL;
	struct error err = ERROR_INIT;

	EXPECT_OK(http_resolve("http://a/b/c/d;p?q", location, &url, &err), &err);
	EXPECT_STRING(url, wanted);
}

TEST(references_are_resolved_as_the_examples_of_rfc_3986_say)
{
	/* RFC 3986 5.4, without fragments, which are refused. */
	expect_resolved("g", "http://a/b/c/g");
	expect_resolved("./g", "http://a/b/c/g");
	expect_resolved("g/", "http://a/b/c/g/");
	expect_resolved("/g", "http://a/g");
	expect_resolved("//g", "http://g/");
	expect_resolved("?y", "http://a/b/c/d;p?y");
	expect_resolved("g?y", "http://a/b/c/g?y");
	expect_resolved(";x", "http://a/b/c/;x");
	expect_resolved("", "http://a/b/c/d;p?q");
	expect_resolved(".", "http://a/b/c/");
	expect_resolved("./", "http://a/b/c/");
	expect_resolved("..", "http://a/b/");
	expect_resolved("../g", "http://a/b/g");
	expect_resolved("../..", "http://a/");
	expect_resolved("../../g", "http://a/g");
	expect_resolved("../../../../g", "http://a/g");
	expect_resolved("/./g", "http://a/g");
	expect_resolved("/../g", "http://a/g");
	expect_resolved("g.", "http://a/b/c/g.");
	expect_resolved("..g", "http://a/b/c/..g");
	expect_resolved("./g/.", "http://a/b/c/g/");
	expect_resolved("g/../h", "http://a/b/c/h");
	expect_resolved("g;x=1/../y", "http://a/b/c/y");
	expect_resolved("g?y/../x", "http://a/b/c/g?y/../x");
}

TEST(a_query_is_kept_byte_for_byte)
{
	expect_resolved("https://cdn.example/a%2Fb?sig=a%2Bb%3d&x=/../y|z",
			"https://cdn.example/a%2Fb?sig=a%2Bb%3d&x=/../y|z");
	expect_resolved("/v2/x/blobs/uploads/1?_state=%7b+%7D==",
			"http://a/v2/x/blobs/uploads/1?_state=%7b+%7D==");
	expect_resolved("https://cdn.example?x=1", "https://cdn.example/?x=1");
}

TEST(a_location_that_leads_elsewhere_than_http_is_refused)
{
	static const char *const locations[] = {
		"file:///etc/passwd", "gopher://x/", "javascript:x", "//user@host/",
		"https://",           "g#s",         "a\r\nb",       "//",
		"mailto:x",
	};
	struct error err = ERROR_INIT;

	for (size_t i = 0; i < ARRAY_LENGTH(locations); i++) {
		char *url = NULL;
		EXPECT_ERROR(http_resolve("https://a/b", locations[i], &url, &err), &err, ERROR_INVALID,
			     "URL '");
	}
}

static void expect_redacted(const char *url, const char *wanted)
{
	CLEANUP(free_string) char *shown = http_redacted_url(url);

	EXPECT_STRING(shown, wanted);
}

TEST(a_shown_url_holds_no_secret)
{
	expect_redacted("https://a/v2/?scope=x:y&service=s&n=5&last=t",
			"https://a/v2/?scope=x:y&service=s&n=5&last=t");
	expect_redacted("https://a/b?X-Amz-Signature=abc&digest=sha256:00&_state=q",
			"https://a/b?X-Amz-Signature=REDACTED&digest=sha256:00&_state=REDACTED");
	expect_redacted("https://user:pw@a/b", "https://REDACTED@a/b");
	expect_redacted("https://a/b?token", "https://a/b?REDACTED");
	expect_redacted("https://a/b?n=1;secret=2", "https://a/b?n=1;secret=REDACTED");
	expect_redacted("https://a/b?#frag", "https://a/b?#REDACTED");
	expect_redacted("https://a/b#frag?n=1", "https://a/b#REDACTED");
	expect_redacted("https://a/b?n=1&", "https://a/b?n=1&");
	expect_redacted("user:pw@a/b", "REDACTED@a/b");
	expect_redacted("https://a/\x1b[2J", "https://a/\\x1b[2J");
}

TEST(only_unreserved_characters_stay_unencoded)
{
	CLEANUP(free_string) char *encoded = http_percent_encode("aZ09-._~ /:?&=+%\xc3\xa4");

	EXPECT_STRING(encoded, "aZ09-._~%20%2F%3A%3F%26%3D%2B%25%C3%A4");
}

TEST(addresses_of_this_machine_are_known_in_every_notation)
{
	static const char *const local[] = {"127.0.0.1",  "127.1",      "2130706433",         "0x7f000001",
					    "0177.0.0.1", "0.0.0.0",    "169.254.169.254",    "[::1]",
					    "[::]",       "[fe80::1]",  "[::ffff:127.0.0.1]", "localhost",
					    "localhost.", "a.localhost"};
	static const char *const others[] = {
		"10.0.0.1", "192.168.1.1",          "8.8.8.8", "[fd00::1]", "[::ffff:8.8.8.8]",
		"quay.io",  "localhost.example.com"};

	for (size_t i = 0; i < ARRAY_LENGTH(local); i++)
		if (!address_is_local_host(local[i]))
			test_fail(__FILE__, __LINE__, "%s is local", local[i]);
	for (size_t i = 0; i < ARRAY_LENGTH(others); i++)
		if (address_is_local_host(others[i]))
			test_fail(__FILE__, __LINE__, "%s is not local", others[i]);
}

static void expect_error_text(const char *body, const char *wanted)
{
	CLEANUP(http_response_release) struct http_response response = HTTP_RESPONSE_INIT;

	strbuf_add_string(&response.body, body);
	CLEANUP(free_string) char *text = http_error_text(&response);
	EXPECT_STRING(text, wanted);
}

TEST(an_error_body_becomes_a_few_words)
{
	expect_error_text(
		"{\"errors\":[{\"code\":\"DENIED\",\"message\":\"no \\u001b[2J way\"},{\"code\":\"X\"}]}",
		"DENIED: no \\x1b[2J way; X");
	expect_error_text("{\"message\":\"it is late\"}", "it is late");
	expect_error_text("{\"details\":\"invalid token\"}", "invalid token");
	expect_error_text("<html>\r\n  <b>502</b>\n</html>", "<html> <b>502</b> </html>");
	expect_error_text("{\"errors\":[7,null,{\"code\":5}]}", "{\"errors\":[7,null,{\"code\":5}]}");
	expect_error_text("", "");
	expect_error_text(" \n", "");
}

TEST(an_error_text_has_at_most_300_bytes)
{
	CLEANUP(http_response_release) struct http_response response = HTTP_RESPONSE_INIT;

	for (int i = 0; i < 1000; i++)
		strbuf_add_string(&response.body, "\xe2\x80\xae");
	CLEANUP(free_string) char *text = http_error_text(&response);
	EXPECT(strlen(text) > 250 && strlen(text) <= 300);
}
