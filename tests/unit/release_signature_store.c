/* SPDX-License-Identifier: Apache-2.0 */
/* Where signatures are looked for, in which order, and what is said when none is good. */
#include <fcntl.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/text.h"
#include "tests/unit/http_server.h"
#include "tests/unit/release_signature_fixture.h"

#define HEX "1111111111111111111111111111111111111111111111111111111111111111"
#define MAX_FILES 12

/* What a server has: the rest is answered with 404. */
struct served {
	const char *path; /* with the query */
	const char *status;
	const char *headers;
	struct strbuf body;
};

static struct served served[MAX_FILES];
static size_t n_served;
static struct release_trust *trust;
static struct strbuf good = STRBUF_INIT, foreign = STRBUF_INIT, other = STRBUF_INIT;

static void serve(struct connection *connection, const char *head)
{
	const char *path = strchr(head, ' ') + 1;
	size_t length = strcspn(path, " ");

	for (size_t i = 0; i < n_served; i++) {
		const struct served *file = &served[i];
		if (strlen(file->path) != length || memcmp(file->path, path, length) != 0)
			continue;
		server_print(connection, "HTTP/1.1 %s\r\nContent-Length: %zu\r\n%s\r\n", file->status,
			     file->body.len, file->headers);
		server_write(connection, file->body.buf, file->body.len);
		return;
	}
	server_answer(connection, "404 Not Found", "", "nothing");
}

static struct served *add_answer(const char *path, const char *status, const char *headers)
{
	served[n_served] = (struct served){path, status, headers, STRBUF_INIT};
	return &served[n_served++];
}

static void add_file(const char *path, const struct strbuf *body)
{
	struct served *file = add_answer(path, "200 OK", "");

	strbuf_add(&file->body, body->buf, body->len);
}

static void remove_files(void)
{
	while (n_served)
		strbuf_release(&served[--n_served].body);
}

struct stores {
	struct setup setup;
	struct server *server;
	struct strvec urls;
	struct strvec unusable;
	struct release_signature signature;
	struct error err;
};

static struct stores stores_new(void)
{
	struct stores stores = {
		.setup = setup_new(NULL),
		.server = server_start(serve, NULL),
		.signature = RELEASE_SIGNATURE_INIT,
	};

	trust = fixture_trust(fixture_key(0), &(struct fixture_certificate){0});
	fixture_add_claims_message(&good, FIXTURE_DIGEST, (struct fixture_message){.version = 3});
	fixture_add_claims_message(&other, FIXTURE_OTHER_DIGEST, (struct fixture_message){.version = 3});
	fixture_add_claims_message(&foreign, FIXTURE_DIGEST,
				   (struct fixture_message){.version = 3, .key = fixture_key(1)});
	return stores;
}

static void stores_release(struct stores *stores)
{
	server_stop(&stores->server);
	setup_release(&stores->setup);
	strvec_release(&stores->urls);
	strvec_release(&stores->unusable);
	release_signature_release(&stores->signature);
	error_clear(&stores->err);
	release_trust_freep(&trust);
	strbuf_release(&good);
	strbuf_release(&other);
	strbuf_release(&foreign);
	remove_files();
}

static void add_store(struct stores *stores, const char *path)
{
	strvec_push_take(&stores->urls, server_url(stores->server, path));
}

static int find(struct stores *stores)
{
	struct digest digest = fixture_digest(FIXTURE_DIGEST);

	return release_find_signature(stores->setup.client, &stores->urls, &stores->unusable, trust, &digest,
				      &stores->signature, &stores->err);
}

static void expect_none(struct stores *stores, const char *why)
{
	EXPECT_ERROR(find(stores), &stores->err, ERROR_DIGEST, why);
	EXPECT(!stores->signature.place && !stores->signature.signer);
}

static void expect_found(struct stores *stores, const char *path)
{
	CLEANUP(free_string) char *want = server_url(stores->server, path);

	EXPECT_OK(find(stores), &stores->err);
	EXPECT_STRING(stores->signature.place, want);
	EXPECT_STRING(stores->signature.fingerprint, fixture_key(0)->fingerprint);
	EXPECT(stores->signature.message.len == good.len);
}

/* The paths of all requests in their order, each followed by a blank. */
static void expect_requests(struct stores *stores, const char *want)
{
	CLEANUP(strbuf_release) struct strbuf paths = STRBUF_INIT;

	pthread_mutex_lock(&stores->server->mutex);
	for (size_t i = 0; i < stores->server->heads.count; i++) {
		const char *head = stores->server->heads.items[i];
		EXPECT(text_starts_with(head, "GET "));
		strbuf_addf(&paths, "%.*s ", (int)strcspn(head + 4, " "), head + 4);
	}
	pthread_mutex_unlock(&stores->server->mutex);
	EXPECT_STRING(paths.buf, want);
}

TEST(no_signature_costs_one_request)
{
	CLEANUP(stores_release) struct stores stores = stores_new();

	add_store(&stores, "/signatures");
	expect_none(&stores, FIXTURE_DIGEST ": no store has a signature that is good:\n  http://127.0.0.1:");
	expect_none(&stores, "/signatures: no signature for this digest (404)");
	expect_requests(&stores,
			"/signatures/sha256=" HEX "/signature-1 /signatures/sha256=" HEX "/signature-1 ");
}

TEST(signatures_are_asked_for_until_one_is_missing)
{
	CLEANUP(stores_release) struct stores stores = stores_new();

	add_store(&stores, "/signatures");
	add_file("/signatures/sha256=" HEX "/signature-1", &foreign);
	add_file("/signatures/sha256=" HEX "/signature-2", &other);
	add_file("/signatures/sha256=" HEX "/signature-3", &foreign);
	expect_none(&stores, "; signature-2: is a signature of another image, " FIXTURE_OTHER_DIGEST
			     "; signature-3: signed by a key "
			     "that is not trusted (key id ");
	expect_requests(&stores, "/signatures/sha256=" HEX "/signature-1 "
				 "/signatures/sha256=" HEX "/signature-2 "
				 "/signatures/sha256=" HEX "/signature-3 "
				 "/signatures/sha256=" HEX "/signature-4 ");
}

TEST(the_first_good_one_ends_the_search)
{
	CLEANUP(stores_release) struct stores stores = stores_new();

	add_store(&stores, "/signatures");
	add_store(&stores, "/never");
	add_file("/signatures/sha256=" HEX "/signature-1", &foreign);
	add_file("/signatures/sha256=" HEX "/signature-2", &good);
	add_file("/signatures/sha256=" HEX "/signature-3", &good);
	expect_found(&stores, "/signatures/sha256=" HEX "/signature-2");
	expect_requests(&stores, "/signatures/sha256=" HEX "/signature-1 "
				 "/signatures/sha256=" HEX "/signature-2 ");
}

TEST(empty_signatures_are_skipped)
{
	CLEANUP(stores_release) struct stores stores = stores_new();

	add_store(&stores, "/signatures");
	add_file("/signatures/sha256=" HEX "/signature-1", &foreign);
	add_answer("/signatures/sha256=" HEX "/signature-2", "200 OK", "");
	add_file("/signatures/sha256=" HEX "/signature-3", &other);
	expect_none(&stores, "; signature-2: is empty; signature-3: is a signature of another image");
	expect_requests(&stores, "/signatures/sha256=" HEX "/signature-1 "
				 "/signatures/sha256=" HEX "/signature-2 "
				 "/signatures/sha256=" HEX "/signature-3 "
				 "/signatures/sha256=" HEX "/signature-4 ");
}

TEST(stores_are_asked_in_their_order)
{
	CLEANUP(stores_release) struct stores stores = stores_new();

	add_store(&stores, "/one");
	add_store(&stores, "/two");
	add_store(&stores, "/three");
	add_file("/one/sha256=" HEX "/signature-1", &foreign);
	add_file("/two/sha256=" HEX "/signature-1", &good);
	add_file("/three/sha256=" HEX "/signature-1", &good);
	expect_found(&stores, "/two/sha256=" HEX "/signature-1");
	expect_requests(&stores, "/one/sha256=" HEX "/signature-1 /one/sha256=" HEX
				 "/signature-2 /two/sha256=" HEX "/signature-1 ");
}

TEST(there_are_nine_at_most)
{
	CLEANUP(stores_release) struct stores stores = stores_new();
	CLEANUP(strvec_release) struct strvec paths = STRVEC_INIT;

	add_store(&stores, "/s");
	for (unsigned n = 1; n <= 10; n++) {
		strvec_pushf(&paths, "/s/sha256=" HEX "/signature-%u", n);
		add_file(paths.items[n - 1], n == 10 ? &good : &other);
	}
	expect_none(&stores, "/s: signature-1 to -9: is a signature of another image, " FIXTURE_OTHER_DIGEST);
	EXPECT(server_n_requests(stores.server) == 9);
}

TEST(the_path_is_joined_cleanly_and_the_query_kept)
{
	CLEANUP(stores_release) struct stores stores = stores_new();

	add_store(&stores, "/a/b//?token=s3cret");
	add_file("/a/b/sha256=" HEX "/signature-1?token=s3cret", &good);
	expect_found(&stores, "/a/b/sha256=" HEX "/signature-1?token=REDACTED");
	strvec_release(&stores.urls);
	release_signature_release(&stores.signature);
	add_store(&stores, "/c/d//?token=s3cret");
	expect_none(&stores, "/c/d//?token=REDACTED: no signature for this digest (404)");
}

TEST(other_answers_are_noted_and_the_next_one_is_asked_for)
{
	CLEANUP(stores_release) struct stores stores = stores_new();

	add_store(&stores, "/s");
	add_answer("/s/sha256=" HEX "/signature-1", "403 Forbidden", "");
	add_answer("/s/sha256=" HEX "/signature-2", "403 Forbidden", "");
	struct served *html = add_answer("/s/sha256=" HEX "/signature-3", "200 OK", "");
	strbuf_add_string(&html->body, "<html>Please log in</html>");
	expect_none(&stores,
		    "/s: signature-1 to -2: the server answered 403; signature-3: is not an OpenPGP message");
	EXPECT(server_n_requests(stores.server) == 4);
}

TEST(what_is_too_large_is_noted_and_the_next_one_is_asked_for)
{
	CLEANUP(stores_release) struct stores stores = stores_new();
	struct served *large = add_answer("/s/sha256=" HEX "/signature-1", "200 OK", "");

	strbuf_grow(&large->body, RELEASE_MAX_SIGNATURE_SIZE + 1);
	memset(large->body.buf, 'x', RELEASE_MAX_SIGNATURE_SIZE + 1);
	strbuf_set_length(&large->body, RELEASE_MAX_SIGNATURE_SIZE + 1);
	add_store(&stores, "/s");
	expect_none(&stores, "/s: signature-1: the answer is larger than");
	EXPECT(server_n_requests(stores.server) == 2);
	add_file("/s/sha256=" HEX "/signature-2", &good);
	expect_found(&stores, "/s/sha256=" HEX "/signature-2");
}

static void serve_without_end(struct connection *connection, const char *head)
{
	static const char portion[4096];

	(void)head;
	server_print(connection, "HTTP/1.1 200 OK\r\n\r\n");
	while (server_write(connection, portion, sizeof(portion)))
		;
	connection->is_last = true;
}

TEST(a_file_without_end_comes_to_one)
{
	CLEANUP(stores_release) struct stores stores = stores_new();

	stores.server->handler = serve_without_end;
	add_store(&stores, "/s");
	expect_none(&stores, "/s: signature-1 to -9: the answer is larger than");
	EXPECT(http_client_counters(stores.setup.client)->bytes_received <
	       9 * 4 * RELEASE_MAX_SIGNATURE_SIZE);
}

TEST(redirects_are_followed)
{
	CLEANUP(stores_release) struct stores stores = stores_new();

	add_store(&stores, "/s");
	add_answer("/s/sha256=" HEX "/signature-1", "302 Found", "Location: /elsewhere?x\r\n");
	add_file("/elsewhere?x", &good);
	expect_found(&stores, "/s/sha256=" HEX "/signature-1");
}

static void fail_once(struct connection *connection, const char *head)
{
	if (server_n_requests(connection->server) > 1)
		serve(connection, head);
	else
		server_answer(connection, "503 Service Unavailable", "Retry-After: 200\r\n", "");
}

TEST(a_busy_store_is_asked_again_soon)
{
	CLEANUP(stores_release) struct stores stores = stores_new();
	uint64_t start_ms = clock_milliseconds();

	stores.server->handler = fail_once;
	add_store(&stores, "/s");
	add_file("/s/sha256=" HEX "/signature-1", &good);
	expect_found(&stores, "/s/sha256=" HEX "/signature-1");
	EXPECT(server_n_requests(stores.server) == 2);
	EXPECT(since_ms(start_ms) < 10000);
}

static void fail_always(struct connection *connection, const char *head)
{
	(void)head;
	server_answer(connection, "500 Internal Server Error", "", "");
}

TEST(a_store_that_only_fails_does_not_cost_much)
{
	CLEANUP(stores_release) struct stores stores = stores_new();
	uint64_t start_ms = clock_milliseconds();

	stores.server->handler = fail_always;
	add_store(&stores, "/s");
	expect_none(&stores, "/s: signature-1 to -9: the server answered 500");
	EXPECT(server_n_requests(stores.server) == 10);
	EXPECT(since_ms(start_ms) < 10000);
}

static void hang_up(struct connection *connection, const char *head)
{
	(void)head;
	connection->is_last = true;
}

TEST(no_answer_ends_a_store)
{
	CLEANUP(stores_release) struct stores stores = stores_new();

	stores.server->handler = hang_up;
	add_store(&stores, "/s");
	expect_none(&stores, "the connection was closed without an answer");
	EXPECT(server_n_requests(stores.server) == 2);
}

TEST(a_store_that_is_down_does_not_hide_the_next_one)
{
	CLEANUP(stores_release) struct stores stores = stores_new();
	uint64_t start_ms = clock_milliseconds();

	/* Nobody listens on port 1. */
	strvec_push(&stores.urls, "http://127.0.0.1:1/s");
	expect_none(&stores, "http://127.0.0.1:1/s: cannot connect to 127.0.0.1 port 1");
	EXPECT(stores.unusable.count == 1);
	expect_none(&stores, "http://127.0.0.1:1/s: is not asked again");
	add_store(&stores, "/s");
	add_file("/s/sha256=" HEX "/signature-1", &good);
	expect_found(&stores, "/s/sha256=" HEX "/signature-1");
	EXPECT(since_ms(start_ms) < 10000);
}

TEST(the_message_has_a_line_for_every_store)
{
	CLEANUP(stores_release) struct stores stores = stores_new();

	add_store(&stores, "/one");
	strvec_push(&stores.urls, "file:///nowhere/at/all");
	add_file("/one/sha256=" HEX "/signature-1", &foreign);
	EXPECT(find(&stores) < 0);
	EXPECT(strstr(stores.err.message,
		      "/one: signature-1: signed by a key that is not trusted (key id ") != NULL);
	EXPECT(strstr(stores.err.message, ")\n  file:///nowhere/at/all: no signature for this digest") !=
	       NULL);
	EXPECT(!text_ends_with(stores.err.message, "\n"));
}

TEST(cancelling_ends_the_search)
{
	CLEANUP(stores_release) struct stores stores = stores_new();

	add_store(&stores, "/s");
	atomic_store(&cancel_flag, true);
	EXPECT_ERROR(find(&stores), &stores.err, ERROR_CANCELLED, NULL);
	atomic_store(&cancel_flag, false);
	EXPECT(server_n_requests(stores.server) == 0);
}

TEST(without_a_key_nothing_is_asked)
{
	CLEANUP(stores_release) struct stores stores = stores_new();
	struct error err = ERROR_INIT;

	release_trust_freep(&trust);
	EXPECT_OK(release_trust_open(&trust,
				     &(struct release_trust_options){.system_key_file = "/nowhere/key",
								     .temporary_directory = test_directory()},
				     &err),
		  &err);
	add_store(&stores, "/s");
	expect_none(&stores,
		    "no trusted key to check the signature of the release with: /nowhere/key: no such file");
	EXPECT(server_n_requests(stores.server) == 0);
}

/* --- directories */

static void write_file(const char *directory, unsigned number, const struct strbuf *bytes)
{
	CLEANUP(free_string) char *inner = xasprintf("%s/sha256=" HEX, directory);
	CLEANUP(free_string) char *path = xasprintf("%s/signature-%u", inner, number);
	struct error err = ERROR_INIT;

	EXPECT_OK(directory_create_all(inner, 0755, &err), &err);
	EXPECT_OK(file_replace(AT_FDCWD, path, bytes->buf, bytes->len, 0644, &err), &err);
}

static void add_directory(struct stores *stores, const char *name)
{
	strvec_pushf(&stores->urls, "file://%s/%s", test_directory(), name);
}

TEST(a_directory_is_a_store_too)
{
	CLEANUP(stores_release) struct stores stores = stores_new();
	CLEANUP(free_string) char *directory = xasprintf("%s/a b", test_directory());
	CLEANUP(free_string) char *want = xasprintf("file://%s/sha256=" HEX "/signature-3", directory);
	struct strbuf empty = STRBUF_INIT;

	write_file(directory, 1, &foreign);
	write_file(directory, 2, &empty);
	add_directory(&stores, "a%20b/");
	expect_none(&stores, "/a%20b/: signature-1: signed by a key that is not trusted");
	expect_none(&stores, "; signature-2: is empty");
	write_file(directory, 3, &good);
	EXPECT_OK(find(&stores), &stores.err);
	EXPECT_STRING(stores.signature.place, want);
}

TEST(a_missing_file_ends_a_directory)
{
	CLEANUP(stores_release) struct stores stores = stores_new();
	CLEANUP(free_string) char *directory = xasprintf("%s/s", test_directory());

	add_directory(&stores, "s");
	expect_none(&stores, "/s: no signature for this digest");
	write_file(directory, 2, &good);
	expect_none(&stores, "/s: no signature for this digest");
}

TEST(only_regular_files_are_read)
{
	CLEANUP(stores_release) struct stores stores = stores_new();
	CLEANUP(free_string) char *directory = xasprintf("%s/s", test_directory());
	CLEANUP(free_string) char *pipe = xasprintf("%s/sha256=" HEX "/signature-1", directory);
	struct strbuf large = STRBUF_INIT;

	add_directory(&stores, "s");
	strbuf_grow(&large, RELEASE_MAX_SIGNATURE_SIZE + 1);
	strbuf_set_length(&large, RELEASE_MAX_SIGNATURE_SIZE + 1);
	write_file(directory, 2, &large);
	strbuf_release(&large);
	EXPECT(mkfifo(pipe, 0600) == 0);
	expect_none(&stores, "/s: signature-1: is not a regular file; signature-2: ");
	expect_none(&stores, "larger than 65536 bytes");
}

TEST(a_bad_url_is_found_before_anything_is_asked)
{
	CLEANUP(stores_release) struct stores stores = stores_new();

	add_store(&stores, "/s");
	strvec_push(&stores.urls, "nonsense");
	EXPECT_ERROR(find(&stores), &stores.err, ERROR_USAGE, "nonsense");
	EXPECT(server_n_requests(stores.server) == 0);
}
