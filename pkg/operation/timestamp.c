/* SPDX-License-Identifier: Apache-2.0 */
#include "operation/timestamp.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* `count` digits and the character behind them (0: none is needed); false if something else stands there. */
static bool take(const char **text, int count, char end, int minimum, int maximum, int *number)
{
	int value = 0;

	for (int i = 0; i < count; i++) {
		if (**text < '0' || **text > '9')
			return false;
		value = value * 10 + *(*text)++ - '0';
	}
	if (value < minimum || value > maximum || (end && *(*text)++ != end))
		return false;
	*number = value;
	return true;
}

static bool take_zone(const char **text, int *offset_minutes)
{
	int sign = **text == '-' ? -1 : 1;
	int hours, minutes;

	*offset_minutes = 0;
	if (**text == 'Z') {
		(*text)++;
		return true;
	}
	if (**text != '+' && **text != '-')
		return false;
	(*text)++;
	if (!take(text, 2, ':', 0, 23, &hours) || !take(text, 2, 0, 0, 59, &minutes))
		return false;
	*offset_minutes = sign * (hours * 60 + minutes);
	return true;
}

static int days_of_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return days[month - 1] + (month == 2 && is_leap);
}

bool timestamp_parse(const char *text, int64_t *seconds)
{
	struct tm time = {0};
	int offset_minutes;

	if (!take(&text, 4, '-', 0, 9999, &time.tm_year) || !take(&text, 2, '-', 1, 12, &time.tm_mon) ||
	    !take(&text, 2, 'T', 1, days_of_month(time.tm_year, time.tm_mon), &time.tm_mday) ||
	    !take(&text, 2, ':', 0, 23, &time.tm_hour) || !take(&text, 2, ':', 0, 59, &time.tm_min) ||
	    !take(&text, 2, 0, 0, 59, &time.tm_sec))
		return false;
	if (*text == '.') {
		size_t digits = strspn(text + 1, "0123456789");
		if (!digits)
			return false;
		text += 1 + digits;
	}
	if (!take_zone(&text, &offset_minutes) || *text)
		return false;
	time.tm_year -= 1900;
	time.tm_mon--;
	*seconds = (int64_t)timegm(&time) - offset_minutes * 60;
	return true;
}

const char *timestamp_format(int64_t seconds, char out[TIMESTAMP_SIZE])
{
	time_t point = (time_t)seconds;
	struct tm time = {0};

	gmtime_r(&point, &time);
	snprintf(out, TIMESTAMP_SIZE, "%04d-%02d-%02dT%02d:%02d:%02dZ", time.tm_year + 1900, time.tm_mon + 1,
		 time.tm_mday, time.tm_hour, time.tm_min, time.tm_sec);
	return out;
}

const char *timestamp_format_age(int64_t seconds, char out[TIMESTAMP_AGE_SIZE])
{
	static const struct {
		int64_t unit, below;
		char letter;
	} units[] = {{1, 60, 's'}, {60, 3600, 'm'}, {3600, 86400, 'h'}, {86400, 365 * 86400, 'd'}};
	int64_t year = 365 * 86400;

	/* Clocks differ a little. */
	if (seconds < -1) {
		snprintf(out, TIMESTAMP_AGE_SIZE, "<invalid>");
		return out;
	}
	seconds = seconds < 0 ? 0 : seconds;
	snprintf(out, TIMESTAMP_AGE_SIZE, "%" PRId64 "y", seconds / year);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]) && seconds < year; i++) {
		if (seconds >= units[i].below)
			continue;
		snprintf(out, TIMESTAMP_AGE_SIZE, "%" PRId64 "%c", seconds / units[i].unit, units[i].letter);
		break;
	}
	return out;
}
