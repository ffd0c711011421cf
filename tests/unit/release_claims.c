/* SPDX-License-Identifier: Apache-2.0 */
#include "release/claims.h"

#include <string.h>

#include "base/strbuf.h"
#include "tests/tap.h"

#define DIGEST "sha256:1111111111111111111111111111111111111111111111111111111111111111"
#define TYPE "\"type\":\"atomic container signature\""
#define IMAGE "\"image\":{\"docker-manifest-digest\":\"" DIGEST "\"}"
#define IDENTITY "\"identity\":{\"docker-reference\":\"registry.example/a:1\"}"
#define CRITICAL "\"critical\":{" TYPE "," IMAGE "," IDENTITY "}"

static int parse(const char *text, struct release_claims *claims, struct error *err)
{
	return release_claims_parse(claims, text, strlen(text), err);
}

static void expect_good(const char *text)
{
	CLEANUP(release_claims_release) struct release_claims claims = RELEASE_CLAIMS_INIT;
	struct error err = ERROR_INIT;
	char digest[DIGEST_TEXT_SIZE];

	EXPECT_OK(parse(text, &claims, &err), &err);
	EXPECT_STRING(claims.docker_reference, "registry.example/a:1");
	EXPECT_STRING(digest_format(&claims.digest, digest), DIGEST);
}

static void expect_bad(const char *text, const char *why)
{
	CLEANUP(release_claims_release) struct release_claims claims = RELEASE_CLAIMS_INIT;
	struct error err = ERROR_INIT;

	EXPECT_ERROR(parse(text, &claims, &err), &err, ERROR_INVALID, why);
	EXPECT(claims.docker_reference == NULL);
}

TEST(a_claim_with_and_without_what_is_optional)
{
	expect_good("{" CRITICAL ",\"optional\":{\"creator\":\"x\",\"timestamp\":1483228800}}");
	expect_good("{\"optional\":{}," CRITICAL "}");
	expect_good("{" CRITICAL ",\"optional\":{\"timestamp\":0}}");
	expect_good(" \r\n\t{" CRITICAL "} \n\n");
}

TEST(one_document_and_nothing_else)
{
	expect_bad("", "JSON is empty");
	expect_bad("\n", "malformed");
	expect_bad("[]", "is not an object");
	expect_bad("\"" DIGEST "\"", "");
	expect_bad("{" CRITICAL "}{" CRITICAL "}", "end of file expected");
	expect_bad("{" CRITICAL "} x", "end of file expected");
	expect_bad("{" CRITICAL, "malformed");
	expect_bad("\xEF\xBB\xBF{" CRITICAL "}", "malformed");
	expect_bad("{" CRITICAL ",}", "malformed");
	expect_bad("{" CRITICAL ",\"optional\":{\"creator\":\"\xFF\"}}", "unable to decode");
}

TEST(no_key_twice)
{
	expect_bad("{" CRITICAL "," CRITICAL "}", "duplicate");
	expect_bad("{\"critical\":{" TYPE "," TYPE "," IMAGE "," IDENTITY "}}", "duplicate");
	expect_bad("{\"critical\":{" TYPE "," IMAGE "," IMAGE "," IDENTITY "}}", "duplicate");
	expect_bad("{" CRITICAL ",\"optional\":{\"creator\":\"a\",\"creator\":\"a\"}}", "duplicate");
	expect_bad("{" CRITICAL ",\"optional\":{\"creator\":\"a\",\"cr\\u0065ator\":\"a\"}}", "duplicate");
}

TEST(no_other_key_at_any_level)
{
	expect_bad("{" CRITICAL ",\"x\\u001b\":1}", "x\\x1b is not a key of a signature");
	expect_bad("{\"critical\":{" TYPE "," IMAGE "," IDENTITY ",\"x\":1}}", "critical.x is not a key");
	expect_bad("{\"critical\":{" TYPE ",\"image\":{\"docker-manifest-digest\":\"" DIGEST
		   "\",\"x\":1}," IDENTITY "}}",
		   "critical.image.x is not a key");
	expect_bad("{\"critical\":{" TYPE "," IMAGE ",\"identity\":{\"docker-reference\":\"a\",\"x\":{}}}}",
		   "critical.identity.x is not a key");
	expect_bad("{" CRITICAL ",\"optional\":{\"x\":1}}", "optional.x is not a key");
}

TEST(the_case_of_a_key_matters)
{
	expect_bad("{" CRITICAL ",\"Optional\":{}}", "Optional is not a key");
	expect_bad("{\"CRITICAL\":{" TYPE "," IMAGE "," IDENTITY "}}", "CRITICAL is not a key");
	expect_bad("{\"critical\":{\"Type\":\"atomic container signature\"," IMAGE "," IDENTITY "}}",
		   "critical.Type is not a key");
	expect_bad("{\"critical\":{" TYPE ",\"image\":{\"Docker-Manifest-Digest\":\"" DIGEST "\"}," IDENTITY
		   "}}",
		   "critical.image.Docker-Manifest-Digest is not a key");
}

TEST(everything_that_is_critical_is_there_and_of_its_type)
{
	expect_bad("{}", "critical is missing");
	expect_bad("{\"critical\":[]}", "critical is not an object");
	expect_bad("{\"critical\":null}", "critical is not an object");
	expect_bad("{\"critical\":{" IMAGE "," IDENTITY "}}", "critical.type is missing");
	expect_bad("{\"critical\":{\"type\":1," IMAGE "," IDENTITY "}}", "critical.type is not a string");
	expect_bad("{\"critical\":{\"type\":\"Atomic container signature\"," IMAGE "," IDENTITY "}}",
		   "critical.type is 'Atomic container signature'");
	expect_bad("{\"critical\":{" TYPE "," IDENTITY "}}", "critical.image is missing");
	expect_bad("{\"critical\":{" TYPE ",\"image\":{}," IDENTITY "}}",
		   "docker-manifest-digest is missing");
	expect_bad("{\"critical\":{" TYPE ",\"image\":\"" DIGEST "\"," IDENTITY "}}",
		   "image is not an object");
	expect_bad("{\"critical\":{" TYPE "," IMAGE "}}", "critical.identity is missing");
	expect_bad("{\"critical\":{" TYPE "," IMAGE ",\"identity\":{}}}", "docker-reference is missing");
	expect_bad("{\"critical\":{" TYPE "," IMAGE ",\"identity\":{\"docker-reference\":\"\"}}}",
		   "docker-reference is empty");
	expect_bad("{\"critical\":{" TYPE "," IMAGE ",\"identity\":{\"docker-reference\":7}}}",
		   "docker-reference is not a string");
}

TEST(what_is_optional_has_its_type_too)
{
	expect_bad("{" CRITICAL ",\"optional\":null}", "optional is not an object");
	expect_bad("{" CRITICAL ",\"optional\":{\"creator\":1}}", "optional.creator is not a string");
	expect_bad("{" CRITICAL ",\"optional\":{\"timestamp\":\"1\"}}", "timestamp is not a whole number");
	expect_bad("{" CRITICAL ",\"optional\":{\"timestamp\":1.5}}", "timestamp is not a whole number");
	expect_bad("{" CRITICAL ",\"optional\":{\"timestamp\":9999999999999999999999}}", "malformed");
}

static void expect_bad_digest(const char *digest)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;

	strbuf_addf(&text,
		    "{\"critical\":{" TYPE ",\"image\":{\"docker-manifest-digest\":\"%s\"}," IDENTITY "}}",
		    digest);
	expect_bad(text.buf, "critical.image.docker-manifest-digest: ");
}

TEST(the_digest_is_exactly_one)
{
	expect_bad_digest("");
	expect_bad_digest(DIGEST "1");
	expect_bad_digest("!" DIGEST);
	expect_bad_digest(DIGEST " ");
	expect_bad_digest("sha512:1111111111111111111111111111111111111111111111111111111111111111");
	expect_bad_digest("sha256:ABCDABCDABCDABCDABCDABCDABCDABCDABCDABCDABCDABCDABCDABCDABCDABCD");
	expect_bad_digest("SHA256:1111111111111111111111111111111111111111111111111111111111111111");
}

TEST(no_nul_anywhere)
{
	static const char raw[] = "{" CRITICAL "}\0";
	CLEANUP(release_claims_release) struct release_claims claims = RELEASE_CLAIMS_INIT;
	struct error err = ERROR_INIT;

	EXPECT_ERROR(release_claims_parse(&claims, raw, sizeof(raw) - 1, &err), &err, ERROR_INVALID,
		     "malformed");
	expect_bad("{\"critical\":{" TYPE "," IMAGE ",\"identity\":{\"docker-reference\":\"a\\u0000b\"}}}",
		   "malformed");
	expect_bad("{" CRITICAL ",\"optional\\u0000\":{}}", "malformed");
}

TEST(a_text_of_many_values_is_not_read)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;

	strbuf_add_string(&text, "{\"x\":[1");
	for (int i = 0; i < 1000; i++)
		strbuf_add_string(&text, ",1");
	strbuf_add_string(&text, "]}");
	expect_bad(text.buf, "JSON holds more than ");
}
