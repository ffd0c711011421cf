/* SPDX-License-Identifier: Apache-2.0 */
#include <archive.h>
#include <curl/curl.h>
#include <jansson.h>
#include <openssl/crypto.h>
#include <sqlite3.h>
#include <stdio.h>
#include <yaml.h>
#include <zlib.h>

#include "command.h"

static int run_version(const struct command *command, char *const *argv)
{
	(void)command;
	(void)argv;
	printf("airlift %s\n", AIRLIFT_VERSION);
	printf("libcurl %s\n", curl_version_info(CURLVERSION_NOW)->version);
	printf("%s\n", OpenSSL_version(OPENSSL_VERSION));
	printf("jansson %s\n", JANSSON_VERSION);
	printf("%s\n", archive_version_details());
	printf("zlib %s\n", zlibVersion());
	printf("libyaml %s\n", yaml_get_version_string());
	printf("sqlite %s\n", sqlite3_libversion());
	return 0;
}

const struct command command_version = {
	.name = "version",
	.usage = "",
	.summary = "version, library versions",
	.help = "Prints the version of airlift and of the libraries that it uses.",
	.run = run_version,
};
