/* SPDX-License-Identifier: Apache-2.0 */
#include "operation/pushed_release.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "operation/release_image.h"
#include "operation/release_record.h"

/* Where oc puts a release of which only the registry was named. */
static const char default_repository[] = "openshift/release";

void pushed_release_release(struct pushed_release *release)
{
	reference_release(&release->image);
	error_clear(&release->damage);
}

/* --- names */

static int find_image(struct pushed_release *release, const struct archive_records *records,
		      const struct archive_root *root, struct error *err)
{
	char digest[DIGEST_TEXT_SIZE];

	if (reference_parse_with_host(&release->image, root->source, err) < 0)
		return -1;
	reference_set(&release->image.tag, "");
	const struct archive_image *recorded = archive_records_find_image(records, root->source);
	if (recorded)
		reference_set(&release->image.id, digest_format(&recorded->digest, digest));
	else if (!root->release->without_image)
		return error_set(err, ERROR_NOT_FOUND, "the release image is not in the archive");
	return 0;
}

static int target_of(struct release_target *to, const struct location *target, struct error *err)
{
	CLEANUP(free_string) char *place = reference_exact(&target->reference);
	CLEANUP(free_string) char *text =
		*target->reference.name
			? xasprintf("docker://%s", place)
			: xasprintf("docker://%s/%s", target->reference.registry, default_repository);

	return release_target_parse(to, text, err);
}

int pushed_release_map(struct pushed_release *release, const struct archive_records *records,
		       const struct archive_root *root, const struct location *target,
		       struct mapping *mapping, struct error *err)
{
	CLEANUP(release_target_release) struct release_target to = RELEASE_TARGET_INIT;

	if (find_image(release, records, root, err) < 0 || target_of(&to, target, err) < 0)
		return -1;
	return release_record_map(root->release, &release->image, &to, NULL, mapping, err);
}

bool pushed_release_is_image(const struct pushed_release *release, const struct mapping_entry *entry)
{
	CLEANUP(free_string) char *image = reference_exact(&release->image);

	return !strcmp(entry->text, image);
}

/* --- trust */

/* What to think of a release whose signature did not come out as good. */
static int judge(const struct pushed_release *release, const struct trust_options *trust,
		 const struct archive_root *root, bool had_key, struct error *reason, struct error *err)
{
	if (!error_is(reason, ERROR_DIGEST))
		return error_move(err, reason);
	if (had_key && !trust->allows_unsigned) {
		error_advise(reason, "nothing was pushed; %s--allow-unsigned pushes it all the same",
			     release->is_badly_signed ? "--release-key FILE names the key that is to count, "
						      : "mirror it without --skip-release-image, or ");
		return error_move(err, reason);
	}
	if (had_key)
		log_warning("%s; it is pushed all the same (--allow-unsigned)", reason->message);
	else if (!root->release->n_signatures)
		log_warning("%s: is not signed: whoever made the archive allowed that", root->source);
	else
		log_warning("%s: its signature is not checked again: %s", root->source, reason->message);
	error_clear(reason);
	return 0;
}

static int check_signature(struct pushed_release *release, struct run *run, const struct trust_options *trust,
			   struct source *source, const struct archive_records *records,
			   const struct archive_root *root, struct release_image *image, struct error *err)
{
	CLEANUP(release_verification_release) struct release_verification verification = {0};
	CLEANUP(release_verifier_freep) struct release_verifier *verifier = NULL;
	struct error reason = ERROR_INIT;

	if (release_verifier_open(&verifier, run, trust, err) < 0)
		return -1;
	int result = release_verifier_check(verifier, source, image, root->release, &verification, &reason);
	release->is_badly_signed = result < 0 && verification.had_key;
	if (result == 0 && release_record_check_tied(records, root, &reason) == 0) {
		log_info("%s: signed by %s, %s", root->source, verification.signatures[0].signer,
			 verification.signatures[0].fingerprint);
		return 0;
	}
	return judge(release, trust, root, verification.had_key, &reason, err);
}

int pushed_release_verify(struct pushed_release *release, struct run *run, const struct trust_options *trust,
			  struct source *source, const struct archive_records *records,
			  const struct archive_root *root, struct error *err)
{
	CLEANUP(release_image_release) struct release_image image = RELEASE_IMAGE_INIT;

	/* Damage to one release is no reason to keep others back. */
	if (release_image_open_recorded(run, source, &image, records, root, &release->damage) < 0 ||
	    release_image_read_payload(run, source, &image, &release->damage) < 0) {
		if (error_is_own_side(&release->damage))
			return error_move(err, &release->damage);
		log_warning("%s: none of it is pushed", release->damage.message);
		return 0;
	}
	if (release_record_compare(run, source, records, root, &image, err) < 0)
		return -1;
	return check_signature(release, run, trust, source, records, root, &image, err);
}

/* --- files */

bool pushed_release_is_same(const struct pushed_release *a, const struct archive_root *a_root,
			    const struct pushed_release *b, const struct archive_root *b_root)
{
	CLEANUP(free_string) char *a_image = reference_exact(&a->image);
	CLEANUP(free_string) char *b_image = reference_exact(&b->image);

	return *a->image.id && !strcmp(a_image, b_image) &&
	       !strcmp(a_root->release->architecture, b_root->release->architecture);
}

static struct release_files files_of(const struct pushed_release *release, const struct archive_root *root,
				     const struct mapping *mapping)
{
	return (struct release_files){
		.release = root->release,
		.source = root->source,
		.image = &release->image,
		.mapping = mapping,
		.is_badly_signed = release->is_badly_signed,
	};
}

int pushed_release_check_files(const struct pushed_release *release, const struct archive_root *root,
			       const struct naming_options *naming, const struct mapping *mapping,
			       struct error *err)
{
	struct release_files files = files_of(release, root, mapping);

	return release_files_check(naming, &files, err);
}

int pushed_release_write_files(const struct pushed_release *release, const struct archive_root *root,
			       const struct naming_options *naming, const struct mapping *mapping,
			       const struct strvec *missing, size_t n_missing, bool is_one_of_several,
			       struct outcome *outcome, struct error *err)
{
	CLEANUP(free_string) char *name = release_files_name(root->release, &release->image);
	CLEANUP(free_string) char *stem = xasprintf("manifests-%s", name);
	struct release_files files = files_of(release, root, mapping);

	files.missing = missing;
	files.n_missing = n_missing;
	files.stem = stem;
	files.subdirectory = is_one_of_several ? name : NULL;
	return release_files_write(naming, &files, outcome, err);
}
