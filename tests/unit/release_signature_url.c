/* SPDX-License-Identifier: Apache-2.0 */
#include "release/signature_url.h"

#include "release/signature.h"
#include "tests/tap.h"

#define HEX "1111111111111111111111111111111111111111111111111111111111111111"

static void expect_no_store(const char *url, const char *why)
{
	struct error err = ERROR_INIT;

	EXPECT_ERROR(release_check_store(url, &err), &err, ERROR_USAGE, why);
}

TEST(what_is_the_url_of_a_store)
{
	static const char *const fine[] = {"https://a.example", "http://a.example:8080/x?y=z",
					   "HTTPS://a.example/x/", "file:///srv/signatures", "file:///a%20b"};
	struct error err = ERROR_INIT;

	for (size_t i = 0; i < ARRAY_LENGTH(fine); i++)
		EXPECT_OK(release_check_store(fine[i], &err), &err);
	for (size_t i = 0; i < ARRAY_LENGTH(release_default_stores); i++)
		EXPECT_OK(release_check_store(release_default_stores[i], &err), &err);
	expect_no_store("", "is not a URL that begins with");
	expect_no_store("/srv/signatures", "is not a URL that begins with https://, http:// or file:///");
	expect_no_store("ftp://a.example/", "is not a URL that begins with");
	expect_no_store("file://srv/signatures", "must be absolute");
	expect_no_store("file:///a%2", "no valid escape");
	expect_no_store("file:///a%00b", "no valid escape");
	expect_no_store("file:///a%-1b", "no valid escape");
	expect_no_store("file:///a?b", "write '?' as %3F");
	expect_no_store("https://user:s3cret@a.example/", "signature store");
	expect_no_store("https://a.example/#x", "fragment");
	expect_no_store("https:///x", "no valid host name");
}

static void expect_place(const char *url, unsigned number, const char *want)
{
	CLEANUP(signature_store_release) struct signature_store store = SIGNATURE_STORE_INIT;
	CLEANUP(free_string) char *place = NULL;
	struct error err = ERROR_INIT;
	struct digest digest;

	EXPECT(digest_parse_hex(&digest, HEX));
	EXPECT_OK(signature_store_parse(&store, url, &err), &err);
	place = signature_store_place(&store, &digest, number);
	EXPECT_STRING(place, want);
}

TEST(where_a_signature_is)
{
	expect_place("https://a.example", 1, "https://a.example/sha256=" HEX "/signature-1");
	expect_place("https://a.example/", 2, "https://a.example/sha256=" HEX "/signature-2");
	expect_place("http://a.example:8080/b/c//?d=/e/", 9,
		     "http://a.example:8080/b/c/sha256=" HEX "/signature-9?d=/e/");
	expect_place("file:///srv/a%20b%3f/", 1, "/srv/a b?/sha256=" HEX "/signature-1");
	expect_place("file:///", 1, "/sha256=" HEX "/signature-1");
}

TEST(http_is_allowed_where_it_was_named)
{
	CLEANUP(signature_store_release) struct signature_store plain = SIGNATURE_STORE_INIT;
	CLEANUP(signature_store_release) struct signature_store secure = SIGNATURE_STORE_INIT;
	struct error err = ERROR_INIT;

	EXPECT_OK(signature_store_parse(&plain, "HTTP://a.example/", &err), &err);
	EXPECT_OK(signature_store_parse(&secure, "https://a.example/?x=http://", &err), &err);
	EXPECT(plain.allow_http && !plain.is_directory);
	EXPECT(!secure.allow_http && !secure.is_directory);
	EXPECT_STRING(secure.shown, "https://a.example/?x=REDACTED");
}
