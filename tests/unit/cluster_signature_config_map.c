/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cluster/signature_config_map.h"
#include "tests/tap.h"

#define HEX "e9edfb8e46f891370bda2772760ae14bc1572a2ce9263368cd5282dac3241eb8"
#define HEAD \
	"{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"sha256-" HEX \
	"\",\"namespace\":\"openshift-config-managed\",\"labels\":{" \
	"\"release.openshift.io/verification-signatures\":\"\"}},\"binaryData\":{"

static struct digest release_digest(void)
{
	struct error err = ERROR_INIT;
	struct digest digest = {0};

	EXPECT_OK(digest_parse(&digest, "sha256:" HEX, &err), &err);
	return digest;
}

static void expect_text(const struct strbuf *const *signatures, size_t n_signatures, const char *want)
{
	struct digest digest = release_digest();
	CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT;

	signature_config_map_text(&digest, signatures, n_signatures, &out);
	EXPECT_STRING(out.buf, want);
	EXPECT(out.len == strlen(want));
}

TEST(the_file_is_named_by_the_first_digits)
{
	struct digest digest = release_digest();
	CLEANUP(free_string) char *name = signature_config_map_file_name(&digest);

	EXPECT_STRING(name, "signature-sha256-e9edfb8e46f89137.json");
}

TEST(one_signature_is_one_line_of_oc_s_json)
{
	static const char bytes[] = "\xf8\xf9\xfa\xfb\xfc\xfd\xfe\xff"
				    "a signature\0\1\xfe";
	CLEANUP(strbuf_release) struct strbuf signature = STRBUF_INIT;

	strbuf_add(&signature, bytes, sizeof(bytes) - 1);
	expect_text((const struct strbuf *const[]){&signature}, 1,
		    HEAD "\"sha256-" HEX "-1\":\"+Pn6+/z9/v9hIHNpZ25hdHVyZQAB/g==\"}}\n");
}

TEST(several_signatures_are_in_the_order_of_their_keys)
{
	CLEANUP(strbuf_release) struct strbuf other = STRBUF_INIT;
	CLEANUP(strbuf_release) struct strbuf second = STRBUF_INIT;
	const struct strbuf *signatures[10];

	strbuf_add_string(&second, "second");
	for (size_t i = 0; i < ARRAY_LENGTH(signatures); i++)
		signatures[i] = &other;
	signatures[1] = &second;
	expect_text(signatures, 2, HEAD "\"sha256-" HEX "-1\":\"\",\"sha256-" HEX "-2\":\"c2Vjb25k\"}}\n");
	expect_text(signatures, 10,
		    HEAD "\"sha256-" HEX "-1\":\"\",\"sha256-" HEX "-10\":\"\",\"sha256-" HEX
			 "-2\":\"c2Vjb25k\",\"sha256-" HEX "-3\":\"\",\"sha256-" HEX "-4\":\"\",\"sha256-" HEX
			 "-5\":\"\",\"sha256-" HEX "-6\":\"\",\"sha256-" HEX "-7\":\"\",\"sha256-" HEX
			 "-8\":\"\",\"sha256-" HEX "-9\":\"\"}}\n");
}

TEST(without_signatures_the_data_is_empty)
{
	expect_text(NULL, 0, HEAD "}}\n");
}
