/* SPDX-License-Identifier: Apache-2.0 */
/* The places of an image in a registry: mirrors of registries.conf, then the registry itself. They are
 * found anew for each request: that costs microseconds, and keeps an image of a large plan small. */
#include "base/log.h"
#include "source/private.h"

/* Whether another place may do better. Our own side's errors and a request to stop end it. */
static bool is_fault_of_place(const struct error *err)
{
	switch (err->code) {
	case ERROR_NOT_FOUND:
	case ERROR_UNAUTHORIZED:
	case ERROR_TRANSIENT:
	case ERROR_DIGEST:
	case ERROR_INVALID:
		return true;
	case ERROR_NONE:
	case ERROR_USAGE:
	case ERROR_IO:
	case ERROR_BUSY:
	case ERROR_CANCELLED:
		return false;
	}
	return false;
}

int source_find_places(const struct source *source, const struct source_image *image,
		       struct pull_sources *places, struct error *err)
{
	struct reference reference = REFERENCE_INIT;
	int result = reference_parse_with_host(&reference, image->reference, err);

	if (result == 0)
		result = registries_conf_sources(registry_client_registries_conf(source->client), &reference,
						 places, err);
	reference_release(&reference);
	return result;
}

static int try_place(struct source_session *session, const struct pull_source *place, struct attempt *attempt,
		     struct error *err)
{
	CLEANUP(free_string) char *path = reference_repository_path(&place->reference);
	struct repository repository = {
		.side = REGISTRY_SOURCE,
		.host = place->reference.registry,
		.path = path,
		.is_insecure = place->is_insecure,
	};
	const char *wanted = *place->reference.id ? place->reference.id : place->reference.tag;

	return attempt->run(attempt, session->registry, &repository, wanted, err);
}

int source_try_places(struct source_session *session, struct source_image *image, struct attempt *attempt,
		      struct error *err)
{
	CLEANUP(error_clear) struct error first = ERROR_INIT;
	CLEANUP(pull_sources_release) struct pull_sources places = PULL_SOURCES_INIT;
	unsigned preferred = atomic_load(&image->preferred);

	if (source_find_places(session->source, image, &places, err) < 0)
		return -1;
	for (size_t i = 0; i < places.count; i++) {
		CLEANUP(error_clear) struct error failed = ERROR_INIT;
		unsigned number = (unsigned)((preferred + i) % places.count);

		if (try_place(session, &places.items[number], attempt, &failed) == 0) {
			if (number != preferred)
				log_info("%s: from %s", image->reference,
					 places.items[number].reference.registry);
			atomic_store(&image->preferred, number);
			return 0;
		}
		if (!is_fault_of_place(&failed))
			return error_move(err, &failed);
		/* What matters to a person is why the registry itself did not answer. */
		if (first.code == ERROR_NONE || places.items[number].is_original) {
			error_clear(&first);
			error_move(&first, &failed);
		}
	}
	return error_move(err, &first);
}
