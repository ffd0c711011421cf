/* SPDX-License-Identifier: Apache-2.0 */
/* Where a source asks, and in which order, when registries.conf names mirrors. */
#include <fcntl.h>
#include <string.h>

#include "base/file.h"
#include "source/source.h"
#include "tests/fake_registry/fake_registry.h"
#include "tests/tap.h"

struct places {
	struct fake_registry *mirror, *original;
	struct http_client *http;
	struct registry_client *client;
	struct source *source;
	struct source_session *session;
	struct source_image image;
	struct strvec hosts;
	char *conf;
};

/* The image "<original>/a/b:v1", for which registries.conf names the mirror first. */
static void open_places(struct places *places)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct error err = ERROR_INIT;
	struct reference reference = REFERENCE_INIT;

	*places = (struct places){.mirror = fake_registry_start(&(struct fake_options){0}),
				  .original = fake_registry_start(&(struct fake_options){0})};
	const char *original = fake_registry_host(places->original),
		   *mirror = fake_registry_host(places->mirror);
	strbuf_addf(&text,
		    "[[registry]]\nlocation = \"%s\"\ninsecure = true\n[[registry.mirror]]\nlocation = "
		    "\"%s/inner\"\ninsecure = true\n",
		    original, mirror);
	places->conf = xasprintf("%s/registries.conf", test_directory());
	EXPECT_OK(file_replace(AT_FDCWD, places->conf, text.buf, text.len, 0644, &err), &err);
	EXPECT_OK(http_client_new(&places->http, &(struct http_options){0}, &err), &err);
	EXPECT_OK(registry_client_new(&places->client,
				      &(struct registry_options){.http = places->http,
								 .registries_conf = places->conf,
								 .retry = {.max_attempts = 2, .delay_ms = 1}},
				      &err),
		  &err);
	places->source = source_new_registry(places->client);
	places->session = source_session_new(places->source);
	CLEANUP(free_string) char *name = xasprintf("%s/a/b:v1", original);
	EXPECT_OK(reference_parse(&reference, name, &err), &err);
	EXPECT_OK(source_image_init_registry(&places->image, places->source, name, &reference, &err), &err);
	reference_release(&reference);
}

static void close_places(struct places *places)
{
	source_image_release(&places->image);
	source_session_free(places->session);
	source_free(places->source);
	registry_client_free(places->client);
	http_client_free(places->http);
	fake_registry_stop(places->mirror);
	fake_registry_stop(places->original);
	free_string(&places->conf);
}

static void add_image(struct fake_registry *registry, const char *repository)
{
	fake_registry_add_image(registry, repository,
				&(struct fake_image){.tag = "v1", .n_layers = 1, .layer_size = 100}, NULL);
}

static int resolve(struct places *places, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	CLEANUP(descriptor_release) struct descriptor top = {0};

	return source_resolve(places->session, &places->image, &bytes, &top, err);
}

TEST(the_mirror_is_asked_first_and_the_original_not_at_all)
{
	struct places places;
	struct error err = ERROR_INIT;

	open_places(&places);
	add_image(places.mirror, "inner/a/b");
	EXPECT_OK(resolve(&places, &err), &err);
	EXPECT(fake_registry_count(places.mirror, "GET", "/v2/inner/a/b/manifests/v1") == 1);
	EXPECT(fake_registry_count(places.original, NULL, NULL) == 0);
	close_places(&places);
}

TEST(what_the_mirror_lacks_comes_from_the_original)
{
	struct places places;
	struct error err = ERROR_INIT;

	open_places(&places);
	add_image(places.original, "a/b");
	EXPECT_OK(resolve(&places, &err), &err);
	EXPECT(fake_registry_count(places.original, "GET", "/manifests/") == 1);
	/* The place that answered is tried first from now on. */
	size_t asked = fake_registry_count(places.mirror, NULL, NULL);
	EXPECT_OK(resolve(&places, &err), &err);
	EXPECT(fake_registry_count(places.mirror, NULL, NULL) == asked);
	close_places(&places);
}

TEST(a_mirror_that_is_broken_does_not_matter)
{
	struct places places;
	struct error err = ERROR_INIT;

	open_places(&places);
	add_image(places.original, "a/b");
	add_image(places.mirror, "inner/a/b");
	fake_registry_add_rule(places.mirror, &(struct fake_rule){.path = "/manifests/", .status = 503});
	EXPECT_OK(resolve(&places, &err), &err);
	EXPECT(fake_registry_count(places.original, "GET", "/manifests/") == 1);
	close_places(&places);
}

TEST(when_nobody_has_it_the_original_is_named)
{
	struct places places;
	struct error err = ERROR_INIT;

	open_places(&places);
	EXPECT_ERROR(resolve(&places, &err), &err, ERROR_NOT_FOUND, fake_registry_host(places.original));
	close_places(&places);
}
