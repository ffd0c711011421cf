/* SPDX-License-Identifier: Apache-2.0 */
/* What was asked for, as an archive records it. */
#include <stdlib.h>

#include "store/archive.h"

void archive_release_free(struct archive_release *release)
{
	if (!release)
		return;
	free(release->version);
	free(release->architecture);
	for (size_t i = 0; i < release->n_components; i++) {
		free(release->components[i].name);
		free(release->components[i].image);
	}
	free(release->components);
	for (size_t i = 0; i < release->n_signatures; i++)
		strbuf_release(&release->signatures[i].message);
	free(release->signatures);
	strvec_release(&release->previous);
	free(release);
}

static void copy_list(struct strvec *to, const struct strvec *from)
{
	for (size_t i = 0; i < from->count; i++)
		strvec_push(to, from->items[i]);
}

static struct archive_release *copy_release(const struct archive_release *from)
{
	struct archive_release *to = xcalloc(1, sizeof(*to));

	to->version = xstrdup(from->version);
	to->architecture = xstrdup(from->architecture);
	to->without_image = from->without_image;
	to->components = xcalloc(from->n_components, sizeof(*to->components));
	for (; to->n_components < from->n_components; to->n_components++)
		to->components[to->n_components] =
			(struct archive_component){xstrdup(from->components[to->n_components].name),
						   xstrdup(from->components[to->n_components].image)};
	to->signatures = xcalloc(from->n_signatures, sizeof(*to->signatures));
	for (; to->n_signatures < from->n_signatures; to->n_signatures++) {
		const struct archive_signature *signature = &from->signatures[to->n_signatures];
		struct archive_signature *copy = &to->signatures[to->n_signatures];

		*copy = (struct archive_signature){.digest = signature->digest, .message = STRBUF_INIT};
		strbuf_add(&copy->message, signature->message.buf, signature->message.len);
	}
	copy_list(&to->previous, &from->previous);
	return to;
}

void archive_root_release(struct archive_root *root)
{
	free(steal(&root->kind));
	free(steal(&root->source));
	strvec_release(&root->images);
	archive_release_free(steal(&root->release));
}

void archive_root_copy(struct archive_root *to, const struct archive_root *from)
{
	to->kind = xstrdup(from->kind);
	to->source = xstrdup(from->source);
	copy_list(&to->images, &from->images);
	to->release = from->release ? copy_release(from->release) : NULL;
}
