/* SPDX-License-Identifier: Apache-2.0 */
#include "operation/outcome.h"
#include "tests/tap.h"

TEST(exit_statuses_tell_all_from_some_from_nothing)
{
	EXPECT(outcome_exit_status(&(struct outcome){.n_asked = 5}) == 0);
	EXPECT(outcome_exit_status(&(struct outcome){.n_asked = 5, .n_missing = 1}) == 3);
	EXPECT(outcome_exit_status(&(struct outcome){.n_asked = 5, .n_missing = 5}) == 1);
	EXPECT(outcome_exit_status(&(struct outcome){.n_asked = 5,
						     .n_missing = 1,
						     .n_roots = 1,
						     .n_roots_missing = 1,
						     .root_failure = ERROR_NOT_FOUND}) == 1);
	EXPECT(outcome_exit_status(&(struct outcome){.n_asked = 5,
						     .n_missing = 1,
						     .n_roots = 2,
						     .n_roots_missing = 2,
						     .root_failure = ERROR_DIGEST}) == 4);
	/* One of two catalogs or releases is there. */
	EXPECT(outcome_exit_status(&(struct outcome){.n_asked = 5,
						     .n_missing = 1,
						     .n_roots = 2,
						     .n_roots_missing = 1,
						     .root_failure = ERROR_DIGEST}) == 3);
}

TEST(errors_have_their_exit_status)
{
	static const struct {
		enum error_code code;
		int status;
	} table[] = {
		{ERROR_INVALID, 1},   {ERROR_NOT_FOUND, 1}, {ERROR_UNAUTHORIZED, 1},
		{ERROR_TRANSIENT, 1}, {ERROR_IO, 1},        {ERROR_USAGE, 2},
		{ERROR_DIGEST, 4},    {ERROR_BUSY, 75},     {ERROR_CANCELLED, 130},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(table); i++)
		EXPECT(error_exit_status(&(struct error){.code = table[i].code}) == table[i].status);
}

TEST(phases_with_the_same_name_are_one)
{
	struct outcome outcome = OUTCOME_INIT;

	outcome_phase(&outcome, "manifests");
	outcome_phase(&outcome, "manifests");
	outcome_phase(&outcome, "copying");
	outcome_phase(&outcome, NULL);
	outcome_phase(&outcome, NULL);
	EXPECT(outcome.n_phases == 2);
	EXPECT_STRING(outcome.phases[1].name, "copying");
	outcome_release(&outcome);
}
