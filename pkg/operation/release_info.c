/* SPDX-License-Identifier: Apache-2.0 */
#include "operation/release_info.h"

#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

#include "base/text.h"
#include "document/jsonpath.h"
#include "operation/platform_filter.h"
#include "operation/release_report.h"

static const char template_prefix[] = "jsonpath=";

/* --- what is asked for */

static int check_output(const char *output, struct error *err)
{
	static const char *const formats[] = {"json", "digest", "pullspec", "name"};
	CLEANUP(jsonpath_freep) struct jsonpath *path = NULL;

	for (size_t i = 0; i < ARRAY_LENGTH(formats); i++)
		if (!strcmp(output, formats[i]))
			return 0;
	CLEANUP(free_string) char *shown = text_escaped(output);
	if (!text_starts_with(output, template_prefix))
		return error_set(err, ERROR_USAGE, "-o %s: json, digest, pullspec, name or jsonpath=TEMPLATE",
				 shown);
	if (jsonpath_parse(&path, output + strlen(template_prefix), err) < 0)
		return error_wrap(err, "-o %s", shown);
	return 0;
}

/* What says how the answer looks: one thing at a time. --pullspecs adds nothing to -o; it is let pass with it
 * since pasted lines have both. */
static int check_combination(const struct release_info_request *request, struct error *err)
{
	const struct {
		bool is_given;
		const char *flag;
	} choices[] = {
		{request->output != NULL, "-o"},
		{request->shows_digest, "--digest"},
		{request->image_for != NULL, "--image-for"},
		{request->shows_size, "--size"},
		{request->shows_pull_specs && !request->output, "--pullspecs"},
	};
	const char *first = NULL;

	for (size_t i = 0; i < ARRAY_LENGTH(choices); i++) {
		if (!choices[i].is_given)
			continue;
		if (first)
			return error_set(err, ERROR_USAGE, "%s and %s: give one of them", first,
					 choices[i].flag);
		first = choices[i].flag;
	}
	return 0;
}

int release_info_parse(struct release_info_request *request, const char *text, const char *arch,
		       struct error *err)
{
	return release_location_parse(&request->location, text, arch, &request->version, err);
}

int release_info_request_check(const struct release_info_request *request, struct error *err)
{
	if (request->output && check_output(request->output, err) < 0)
		return -1;
	if (check_combination(request, err) < 0)
		return -1;
	if (request->filter && platform_filter_check("--filter-by-os", request->filter, err) < 0)
		return -1;
	return 0;
}

/* As Go calls architectures. */
static const char *own_architecture(const struct utsname *system)
{
	if (!strcmp(system->machine, "x86_64"))
		return "amd64";
	return strcmp(system->machine, "aarch64") ? system->machine : "arm64";
}

static void choose_filter(struct release_filter *filter, const char *wanted)
{
	struct utsname system = {0};

	filter->is_default = !wanted;
	if (wanted) {
		filter->pattern = xstrdup(wanted);
		return;
	}
	uname(&system);
	filter->pattern = xasprintf("^linux/%s(/|$)", own_architecture(&system));
}

static void filter_release(struct release_filter *filter)
{
	free(filter->pattern);
}

/* --- the answer */

struct reading {
	const struct release_info_request *request;
	struct run *run;
	struct source *source;
	struct release_filter filter;
};

static int print_template(const struct release_report *report, const char *template, struct strbuf *out,
			  struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;
	CLEANUP(document_freep) struct document *document = NULL;
	CLEANUP(jsonpath_freep) struct jsonpath *path = NULL;

	if (jsonpath_parse(&path, template, err) < 0 || release_report_json(report, &text, err) < 0 ||
	    document_parse_json(&document, report->image->name, text.buf, text.len, err) < 0)
		return -1;
	struct node root = document_root(document);
	if (jsonpath_evaluate(path, &root, out, err) < 0)
		return error_wrap(err, "%s", report->image->name);
	return 0;
}

static int print_component(const struct release_image *image, const char *name, struct strbuf *out,
			   struct error *err)
{
	const struct release_component *component = release_find_component(&image->payload, name);

	if (component) {
		strbuf_addf(out, "%s\n", component->image);
		return 0;
	}
	CLEANUP(free_string) char *shown = text_escaped(name);
	CLEANUP(free_string) char *shown_image = text_escaped(image->name);
	return error_set(err, ERROR_NOT_FOUND, "no image tag \"%s\" exists in the release image %s", shown,
			 shown_image);
}

static int print_report(const struct reading *reading, const struct release_image *image, struct strbuf *out,
			struct error *err)
{
	CLEANUP(release_report_release) struct release_report report = {.now = (int64_t)time(NULL)};
	const struct release_info_request *request = reading->request;
	const char *output = request->output;

	if (release_report_init(&report, image, err) < 0)
		return -1;
	if (request->shows_size &&
	    release_report_read_sizes(&report, reading->run, reading->source, &reading->filter, err) < 0)
		return -1;
	if (!output)
		release_report_text(&report, request->shows_pull_specs, out);
	else if (!strcmp(output, "json"))
		return release_report_json(&report, out, err);
	else if (text_starts_with(output, template_prefix))
		return print_template(&report, output + strlen(template_prefix), out, err);
	else
		release_report_list(&report, output, out);
	return 0;
}

static int print(const struct reading *reading, const struct release_image *image, struct strbuf *out,
		 struct error *err)
{
	const struct release_info_request *request = reading->request;
	char digest[DIGEST_TEXT_SIZE];

	if (request->image_for)
		return print_component(image, request->image_for, out, err);
	if (!request->shows_digest)
		return print_report(reading, image, out, err);
	strbuf_addf(out, "%s\n", digest_format(&image->platform.chosen, digest));
	return 0;
}

/* --- the release */

/* `root`: of an archive, else NULL. */
static int init_image(const struct reading *reading, const struct archive_root *root,
		      struct release_image *image, struct error *err)
{
	if (!root)
		return release_image_init(image, reading->source, &reading->request->location, err);
	return release_image_init_recorded(image, archive_store_records(source_store(reading->source)), root,
					   err);
}

/* The filter of this machine is a wish: where there is no such image, any will do. */
static int resolve(const struct reading *reading, struct release_image *image, struct error *err)
{
	const struct platform_choice choice = {
		.flag = "--filter-by-os",
		.filter = reading->filter.pattern,
		.rule = reading->filter.is_default ? PLATFORM_WISH : PLATFORM_FIRST,
	};

	return release_image_resolve(reading->run, reading->source, image, &choice, err);
}

static int read_and_print(const struct reading *reading, const struct archive_root *root, struct strbuf *out,
			  struct error *err)
{
	CLEANUP(release_image_release) struct release_image image = RELEASE_IMAGE_INIT;
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;

	if (init_image(reading, root, &image, err) < 0 || resolve(reading, &image, err) < 0 ||
	    release_image_read_payload(reading->run, reading->source, &image, err) < 0 ||
	    (reading->request->version && release_image_check_version(reading->run, reading->source, &image,
								      reading->request->version, err) < 0) ||
	    print(reading, &image, &text, err) < 0)
		return -1;
	strbuf_add(out, text.buf, text.len);
	return 0;
}

/* All are shown that can be; the first that cannot decides. */
static int read_archive(const struct reading *reading, struct strbuf *out, struct error *err)
{
	const struct blob_store *store = source_store(reading->source);
	const struct archive_records *records = archive_store_records(store);
	size_t n_releases = 0;

	for (size_t i = 0; i < records->n_roots; i++) {
		if (strcmp(records->roots[i].kind, "release") != 0)
			continue;
		struct error failure = ERROR_INIT;

		n_releases++;
		if (read_and_print(reading, &records->roots[i], out, &failure) < 0)
			(void)error_move(err, &failure);
	}
	if (n_releases)
		return err->code == ERROR_NONE ? 0 : -1;
	return error_set(err, ERROR_INVALID, "%s: holds no release; inspect lists what it holds",
			 blob_store_name(store));
}

int release_info_open(struct run **run, const struct release_info_request *request,
		      const struct run_options *options, struct error *err)
{
	if (request->location.type != LOCATION_ARCHIVE)
		return run_open(run, options, "release info", &request->location, 1, NULL, 0, err);
	*run = run_new_offline(options);
	return 0;
}

int release_info(struct run *run, const struct release_info_request *request, struct strbuf *out,
		 struct outcome *outcome, struct error *err)
{
	CLEANUP(source_freep) struct source *source = NULL;
	CLEANUP(filter_release) struct release_filter filter = {0};
	bool is_archive = request->location.type == LOCATION_ARCHIVE;

	outcome_phase(outcome, "release");
	if (run_open_source(run, &request->location, &source, err) < 0)
		return -1;
	choose_filter(&filter, request->filter);
	const struct reading reading = {.request = request, .run = run, .source = source, .filter = filter};
	int result = is_archive ? read_archive(&reading, out, err) : read_and_print(&reading, NULL, out, err);
	outcome_phase(outcome, NULL);
	return result;
}
