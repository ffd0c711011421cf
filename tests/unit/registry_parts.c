/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the client that need no registry. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "registry/certificates.h"
#include "registry/content_range.h"
#include "registry/link_header.h"
#include "registry/realm.h"
#include "registry/token.h"
#include "registry/upload_location.h"
#include "tests/tap.h"

TEST(token_servers_of_the_registry_are_trusted_and_no_others)
{
	static const struct {
		const char *registry, *realm;
		bool is_fine, is_insecure;
	} cases[] = {
		{"https://quay.io", "https://quay.io/v2/auth", true},
		{"https://registry-1.docker.io", "https://auth.docker.io/token", true},
		{"https://registry.example.co.uk", "https://auth.example.co.uk/t", true},
		{"https://registry.example.co.uk", "https://auth.other.co.uk/t", false},
		{"https://a.github.io", "https://b.github.io/t", false},
		{"https://registry.lab.lan", "https://auth.lab.lan/t", true},
		{"https://r.example.com:5000", "https://r.example.com:8443/t", true},
		{"https://R.example.com", "https://r.EXAMPLE.com/t", true},
		{"https://r.example.com", "http://r.example.com/t", false},
		{"http://r.example.com", "http://r.example.com/t", true},
		{"http://r.example.com", "https://auth.example.com/t", true},
		{"https://r.example.com", "https://evil.example/t", false},
		{"https://r.example.com", "https://r.example.com.evil.example/t", false},
		{"https://r.example.com", "https://user@r.example.com/t", false},
		{"https://r.example.com", "https://169.254.169.254/t", false},
		{"https://r.example.com", "https://127.0.0.1/t", false},
		{"https://r.example.com", "https://[::1]/t", false},
		{"https://r.example.com", "https://localhost/t", false},
		{"https://r.example.com", "https://2130706433/t", false},
		{"https://127.0.0.1:5000", "https://127.0.0.1:5001/t", true},
		{"http://127.0.0.1:5000", "http://127.0.0.1:5001/t", false},
		{"http://127.0.0.1:5000", "http://127.0.0.1:5001/t", true, .is_insecure = true},
		{"https://127.0.0.1:5000", "https://127.0.0.1:5001/t", true, .is_insecure = true},
		{"https://127.0.0.1:5000", "https://127.0.0.1:5000/t", true},
		{"http://localhost:5000", "http://localhost:5001/t", false},
		{"http://localhost.:5000", "http://localhost.:5001/t", false},
		{"https://r.example.com", "https://localhost./t", false},
		{"https://lscr.io", "https://ghcr.io/token", true},
		{"https://nvcr.io", "https://authn.nvidia.com/token", true},
		{"https://registry.redhat.io", "https://sso.redhat.com/t", true},
		{"https://evilredhat.io", "https://sso.redhat.com/t", false},
		{"https://ghcr.io", "https://lscr.io/token", false},
		{"http://lscr.io", "http://ghcr.io/token", false},
		{"http://127.0.0.1:5000", "http://127.0.0.2:5000/t", false},
		{"https://10.0.0.1", "https://11.0.0.1/t", false},
		{"https://r.example.com", "file:///etc/passwd", false},
		{"https://r.example.com", "https://r.example.com/t#f", false},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct error err = ERROR_INIT;
		if ((realm_check(cases[i].registry, cases[i].realm, cases[i].is_insecure, &err) == 0) !=
		    cases[i].is_fine)
			test_fail(__FILE__, __LINE__, "%s %s: %s", cases[i].registry, cases[i].realm,
				  err.message ? err.message : "accepted");
		error_clear(&err);
	}
}

TEST(locations_of_uploads)
{
	static const struct {
		const char *registry, *location, *url;
		bool is_foreign;
	} cases[] = {
		{"https://r.io", "/v2/x?_state=a%2Bb+c", "https://r.io/v2/x?_state=a%2Bb+c", false},
		{"https://r.io", "https://r.io:443/v2/x", "https://r.io:443/v2/x", false},
		{"https://r.io", "uploads/1", "https://r.io/v2/a/blobs/uploads/uploads/1", false},
		{"https://r.io", "?q=1", "https://r.io/v2/a/blobs/uploads/?q=1", false},
		{"https://r.io", "http://r.io/v2/x?a=b", "https://r.io:443/v2/x?a=b", false},
		{"https://r.io:5000", "http://r.io:5000/x", "https://r.io:5000/x", false},
		{"https://r.io:5000", "http://r.io/x", NULL, false},
		{"https://r.io", "https://storage.example/x?sig=1", "https://storage.example/x?sig=1", true},
		{"https://r.io", "//storage.example/x", "https://storage.example/x", true},
		{"https://r.io", "http://storage.example/x", NULL, false},
		{"https://r.io", "https://169.254.169.254/x", NULL, false},
		{"https://r.io", "https://localhost/x", NULL, false},
		{"https://r.io", "https://user:pw@r.io/x", NULL, false},
		{"https://r.io", "file:///etc/passwd", NULL, false},
		{"https://r.io", "", NULL, false},
		{"https://r.io", NULL, NULL, false},
		{"http://127.0.0.1:5000", "https://127.0.0.1:5001/x", "https://127.0.0.1:5001/x", true},
		{"http://r.io", "http://other.io/x", NULL, false},
		{"http://r.io", "http://r.io:81/x", "http://r.io:81/x", true},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		CLEANUP(upload_location_release) struct upload_location location = UPLOAD_LOCATION_INIT;
		CLEANUP(free_string) char *from = xasprintf("%s/v2/a/blobs/uploads/", cases[i].registry);
		struct error err = ERROR_INIT;
		int result =
			upload_location_read(&location, cases[i].registry, from, cases[i].location, &err);
		if ((result == 0) != (cases[i].url != NULL))
			test_fail(__FILE__, __LINE__, "%s: %s", cases[i].location,
				  err.message ? err.message : "accepted");
		else if (result == 0)
			EXPECT_STRING(location.url, cases[i].url);
		EXPECT(result < 0 || location.is_foreign == cases[i].is_foreign);
		error_clear(&err);
	}
}

TEST(the_digest_is_put_behind_the_query_as_it_is)
{
	static const struct {
		const char *url, *before;
	} cases[] = {
		{"https://r/x", "https://r/x?"},
		{"https://r/x?_state=a+b%2F=", "https://r/x?_state=a+b%2F=&"},
		{"https://r/x?digest=old&s=1", "https://r/x?s=1&"},
		{"https://r/x?s=1&digest=old", "https://r/x?s=1&"},
		{"https://r/x?digest=old", "https://r/x?"},
		{"https://r/x?mydigest=1", "https://r/x?mydigest=1&"},
	};
	struct digest digest;
	char hex[DIGEST_HEX_LENGTH + 1];

	digest_of("", 0, &digest);
	digest_format_hex(&digest, hex);
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct upload_location location = {.url = (char *)cases[i].url};
		CLEANUP(free_string) char *got = upload_location_with_digest(&location, &digest);
		CLEANUP(free_string) char *want = xasprintf("%sdigest=sha256%%3A%s", cases[i].before, hex);
		EXPECT_STRING(got, want);
	}
}

TEST(content_ranges)
{
	struct content_range range;

	EXPECT(content_range_parse(&range, "bytes 5-9/10"));
	EXPECT(range.first == 5 && range.last == 9 && range.has_total && range.total == 10);
	EXPECT(content_range_parse(&range, "Bytes 0-0/*") && !range.has_total);
	static const char *const bad[] = {
		"",
		"bytes",
		"bytes 5-9",
		"bytes 9-5/10",
		"bytes 5-10/10",
		"bytes */10",
		"5-9/10",
		"bytes -9/10",
		"bytes 5-9/10 ",
		"bytes 5-9/",
		"bytes 18446744073709551616-18446744073709551617/*",
		"bytes +5-9/10",
	};
	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++)
		if (content_range_parse(&range, bad[i]))
			test_fail(__FILE__, __LINE__, "\"%s\" is accepted", bad[i]);
}

TEST(next_pages)
{
	static const struct {
		const char *header, *next;
	} cases[] = {
		{"</v2/x?n=1>; rel=\"next\"", "/v2/x?n=1"},
		{"</a>; rel=prev, </b>;rel=next", "/b"},
		{"</a,b>; title=\"x, y\"; rel=\"next\"", "/a,b"},
		{"</a>; rel=\"nextish\"", NULL},
		{"</a>; rel=nextish", NULL},
		{"</a", NULL},
		{"</a>", NULL},
		{"", NULL},
		{NULL, NULL},
		{"</a>; title=\"open", NULL},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		CLEANUP(free_string) char *next = link_header_next(cases[i].header);
		EXPECT_STRING(next, cases[i].next);
	}
}

TEST(tokens_that_may_stand_in_a_header)
{
	CLEANUP(free_string) char *longest = xmalloc((16 << 10) + 2);

	EXPECT(token_is_usable("abc.DEF-_~+/="));
	EXPECT(!token_is_usable(""));
	EXPECT(!token_is_usable("a b"));
	EXPECT(!token_is_usable("a\r\nb"));
	EXPECT(!token_is_usable("\xc3\xa4"));
	memset(longest, 'x', (16 << 10) + 1);
	longest[(16 << 10) + 1] = '\0';
	EXPECT(!token_is_usable(longest));
	EXPECT(token_is_usable(longest + 1));
}

/* --- certs.d */

static char *make_directory(const char *name)
{
	struct error err = ERROR_INIT;
	char *path = xasprintf("%s/%s", test_directory(), name);

	EXPECT_OK(directory_create_all(path, 0755, &err), &err);
	return path;
}

static void make_file(const char *directory, const char *name)
{
	struct error err = ERROR_INIT;
	CLEANUP(free_string) char *path = xasprintf("%s/%s", directory, name);

	EXPECT_OK(file_replace(AT_FDCWD, path, "x", 1, 0600, &err), &err);
}

TEST(certificates_of_a_host)
{
	CLEANUP(certificates_release) struct http_tls tls = {0};
	struct error err = ERROR_INIT;

	setenv("HOME", test_directory(), 1);
	CLEANUP(free_string) char *directory = make_directory(".config/containers/certs.d/r.example:5000");
	make_file(directory, "b.crt");
	make_file(directory, "a.crt");
	make_file(directory, "client.cert");
	make_file(directory, "client.key");
	make_file(directory, "README");
	EXPECT_OK(certificates_find(&tls, NULL, "r.example:5000", &err), &err);
	EXPECT(tls.ca_files.count == 2);
	CLEANUP(free_string) char *first = xasprintf("%s/a.crt", directory);
	CLEANUP(free_string) char *key = xasprintf("%s/client.key", directory);
	EXPECT_STRING(tls.ca_files.items[0], first);
	EXPECT_STRING(tls.client_key, key);

	CLEANUP(certificates_release) struct http_tls other = {0};
	EXPECT_OK(certificates_find(&other, NULL, "r.example", &err), &err);
	EXPECT(other.ca_files.count == 0 && !other.client_certificate);
	/* The user's own directory is used as it is. */
	EXPECT_OK(certificates_find(&other, directory, "r.example", &err), &err);
	EXPECT(other.ca_files.count == 2);
}

TEST(a_lone_certificate_or_key_is_an_error)
{
	struct error err = ERROR_INIT;
	CLEANUP(certificates_release) struct http_tls tls = {0};
	CLEANUP(free_string) char *certificate = make_directory("one");
	CLEANUP(free_string) char *key = make_directory("two");

	make_file(certificate, "client.cert");
	make_file(key, "client.key");
	EXPECT_ERROR(certificates_find(&tls, certificate, "r", &err), &err, ERROR_INVALID,
		     "has no .key file");
	EXPECT_ERROR(certificates_find(&tls, key, "r", &err), &err, ERROR_INVALID, "has no .cert file");
	EXPECT_ERROR(certificates_find(&tls, "/does/not/exist", "r", &err), &err, ERROR_IO,
		     "/does/not/exist");
}
