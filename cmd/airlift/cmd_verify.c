/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>

#include "base/text.h"
#include "common.h"
#include "oci/location.h"
#include "store/archive.h"

struct verify_context {
	const char *path;
	struct archive_verification verification;
	bool is_verified;
	size_t n_missing; /* images that the archive says it lacks */
};

static int work(struct run *run, void *context, struct outcome *outcome, struct error *err)
{
	struct verify_context *verify = context;

	CLEANUP(blob_store_freep) struct blob_store *store = NULL;

	if (archive_verify(verify->path, &run->progress, &verify->verification, err) < 0)
		return -1;
	outcome->verification = &verify->verification;
	verify->is_verified = true;
	if (verify->verification.n_damages)
		return 0;
	if (archive_open(&store, verify->path, err) < 0)
		return -1;
	verify->n_missing = archive_store_records(store)->n_missing;
	return 0;
}

static void print_damage(const struct archive_damage *damage)
{
	printf("damaged: offset %" PRIu64 ", %" PRIu64 " bytes: %s\n", damage->offset, damage->length,
	       damage->what);
	for (size_t i = 0; i < damage->images.count; i++)
		printf("  needed by %s\n", damage->images.items[i]);
}

static void print_result(const struct verify_context *verify)
{
	const struct archive_verification *verification = &verify->verification;
	char size[TEXT_SIZE_LENGTH];

	for (size_t i = 0; i < verification->n_damages; i++)
		print_damage(&verification->damages[i]);
	if (verification->n_damages) {
		printf("%s: %zu place%s damaged\n", verify->path, verification->n_damages,
		       verification->n_damages == 1 ? " is" : "s are");
		return;
	}
	printf("%s: whole: %zu blobs, %s, every byte as it was written\n", verify->path,
	       verification->n_blobs, text_format_size(verification->bytes, size));
	if (verify->n_missing)
		printf("%s: incomplete: %zu images were missing when it was made; inspect lists them\n",
		       verify->path, verify->n_missing);
}

static int run_verify(const struct command *command, char *const *argv)
{
	CLEANUP(error_clear) struct error err = ERROR_INIT;
	CLEANUP(common_options_release) struct common_options common;
	CLEANUP(strvec_release) struct strvec arguments = STRVEC_INIT;
	CLEANUP(free_string) char *path = NULL;
	struct option_table table = {0};
	struct verify_context verify = {0};
	int status;

	common_options_init(&common);
	common_options_add(&table, &common);
	if (!common_start(command, &table, argv, &common, &arguments, &status))
		return status;
	if (arguments.count != 1) {
		error_set(&err, ERROR_USAGE, "needs one ARCHIVE");
		return command_fail(command, &err);
	}
	if (location_parse_archive_path(arguments.items[0], &path, &err) < 0)
		return command_fail(command, &err);
	struct run *run = run_new_offline(&common.run);
	verify.path = path;
	status = common_run(command, &common, run, work, &verify);
	if (verify.is_verified)
		print_result(&verify);
	archive_verification_release(&verify.verification);
	return status;
}

const struct command command_verify = {
	.name = "verify",
	.usage = "ARCHIVE",
	.summary = "offline: is every byte of an archive as it was written?",
	.help = "Reads a portable archive once, from beginning to end, with all cores, and names every "
		"damage: where\n"
		"it is, which blob it is in and which images need that. Exit status 4 if there is any.\n"
		"\n"
		"Example:\n"
		"  airlift verify /media/disk/olm.tar",
	.run = run_verify,
};
