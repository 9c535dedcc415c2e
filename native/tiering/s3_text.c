/*
 * Stores: S3's texts, URLs and XML. Its answers are flat lists of elements without attributes that matter, so that looking for an
 * element by its name is all that is needed; what comes is any bytes, closed by a NUL.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "utils/timestamp.h"

#include "s3.h"

/* Percent-encodes as signatures want it: all but letters, digits and -._~ */
void
pge_s3_encode(StringInfo dest, const char *text, bool keep_slashes)
{
	for (const unsigned char *c = (const unsigned char *) text; *c; c++)
	{
		if ((*c >= '0' && *c <= '9') || (*c >= 'A' && *c <= 'Z') || (*c >= 'a' && *c <= 'z') || strchr("-._~", *c) != NULL ||
			(keep_slashes && *c == '/'))
			appendStringInfoChar(dest, *c);
		else
			appendStringInfo(dest, "%%%02X", *c);
	}
}

static const char *
append_entity(StringInfo dest, const char *entity)
{
	static const struct
	{
		const char *name;
		char		value;
	}			entities[] = {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}};
	const char *end;
	unsigned long code;

	for (int i = 0; i < lengthof(entities); i++)
		if (strncmp(entity, entities[i].name, strlen(entities[i].name)) == 0)
		{
			appendStringInfoChar(dest, entities[i].value);
			return entity + strlen(entities[i].name);
		}
	if (entity[1] == '#')
	{
		bool		hex = entity[2] == 'x';

		code = strtoul(entity + (hex ? 3 : 2), (char **) &end, hex ? 16 : 10);
		if (*end == ';' && code > 0 && code <= 0x10FFFF)
		{
			unsigned char utf8[5] = {0};

			unicode_to_utf8(code, utf8);
			appendStringInfoString(dest, (char *) utf8);
			return end + 1;
		}
	}
	appendStringInfoChar(dest, '&');
	return entity + 1;
}

/* The text of the next element of that name, and what follows it; NULL: there is none. */
char *
pge_s3_element(const char *xml, const char *name, const char **rest)
{
	char	   *start = psprintf("<%s>", name);
	char	   *end = psprintf("</%s>", name);
	const char *from = strstr(xml, start);
	const char *to = from ? strstr(from, end) : NULL;
	StringInfoData text;

	if (to == NULL)
		return NULL;
	if (rest != NULL)
		*rest = to + strlen(end);
	initStringInfo(&text);
	for (from += strlen(start); from < to;)
	{
		if (*from == '&')
			from = append_entity(&text, from);
		else
			appendStringInfoChar(&text, *from++);
	}
	return text.data;
}

/* 2020-01-31T12:34:56.000Z, or Fri, 31 Jan 2020 12:34:56 GMT; 0 if it is neither. */
TimestampTz
pge_s3_date(const char *text)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct pg_tm tm = {0};
	char		month[4];
	const char *found;
	Timestamp	result;
	int			zone = 0;

	if (sscanf(text, "%d-%d-%dT%d:%d:%d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec) != 6)
	{
		if (sscanf(text, "%*3s, %d %3s %d %d:%d:%d", &tm.tm_mday, month, &tm.tm_year, &tm.tm_hour, &tm.tm_min, &tm.tm_sec) != 6 ||
			(found = strstr(months, month)) == NULL)
			return 0;
		tm.tm_mon = (found - months) / 3 + 1;
	}
	if (!IS_VALID_JULIAN(tm.tm_year, tm.tm_mon, tm.tm_mday) || tm2timestamp(&tm, 0, &zone, &result) != 0)
		return 0;
	return result;
}
