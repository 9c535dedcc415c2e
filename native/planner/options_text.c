/*
 * Table options that are texts: their one spelling, how a label has them, and where a session keeps them.
 *
 * Promise: two texts that mean the same have the same spelling, whatever the session's settings. Whether a table has the columns that are
 * named is options_time.c's.
 */
#include "postgres.h"

#include "common/int.h"
#include "datatype/timestamp.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "nodes/miscnodes.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/varlena.h"

#include "options.h"
#include "tableam/time_key.h"

/* An interval in microseconds; a month counts 30 days, as TimescaleDB has it. False: it has none. */
static bool
interval_usecs(const Interval *interval, int64 *usecs)
{
	int64		days = (int64) interval->month * DAYS_PER_MONTH + interval->day;

	return !INTERVAL_NOT_FINITE(interval) && !pg_mul_s64_overflow(days, USECS_PER_DAY, usecs) &&
		!pg_add_s64_overflow(*usecs, interval->time, usecs);
}

/* What a bucket's width in its one spelling comes to: microseconds, or units of an integer. */
int64
pge_chunk_interval_width(const char *spelt, bool *is_integer)
{
	Interval   *interval;
	int64		width;

	*is_integer = strspn(spelt, "0123456789") == strlen(spelt);
	if (*is_integer)
		return pg_strtoint64(spelt);
	interval = DatumGetIntervalP(DirectFunctionCall3(interval_in, CStringGetDatum(spelt), ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
	if (!interval_usecs(interval, &width))
		elog(ERROR, "invalid width of a bucket: \"%s\"", spelt);
	return width;
}

char *
pge_spell_chunk_interval(const char *text)
{
	ErrorSaveContext context = {T_ErrorSaveContext};
	struct pg_itm itm;
	Datum		value;
	int64		number;
	char		spelt[MAXDATELEN + 1];

	number = pg_strtoint64_safe(text, (Node *) &context);
	if (!context.error_occurred)
		return number > 0 ? psprintf(INT64_FORMAT, number) : NULL;
	context.error_occurred = false;
	if (!DirectInputFunctionCallSafe(interval_in, unconstify(char *, text), InvalidOid, -1, (Node *) &context, &value) ||
		!interval_usecs(DatumGetIntervalP(value), &number) || number <= 0)
		return NULL;
	interval2itm(*DatumGetIntervalP(value), &itm);
	EncodeInterval(&itm, INTSTYLE_POSTGRES, spelt);
	return pstrdup(spelt);
}

/* Identifiers as SQL has them, in the one way to write them; NULL unless there are from 1 to "most", all different. */
static char *
spell_names(const char *text, int most)
{
	List	   *names;
	StringInfoData spelt;

	if (!SplitIdentifierString(pstrdup(text), ',', &names) || names == NIL || list_length(names) > most)
		return NULL;
	initStringInfo(&spelt);
	for (int i = 0; i < list_length(names); i++)
	{
		for (int j = 0; j < i; j++)
			if (strcmp(list_nth(names, i), list_nth(names, j)) == 0)
				return NULL;
		appendStringInfo(&spelt, "%s%s", i > 0 ? "," : "", quote_identifier(list_nth(names, i)));
	}
	return spelt.data;
}

char *
pge_spell_segment_by(const char *text)
{
	return spell_names(text, PGE_MAX_SEGMENTS);
}

char *
pge_spell_time_column(const char *text)
{
	return spell_names(text, 1);
}

/* In a label ", " ends a value, so none has one inside. */
char *
pge_option_text_escape(const char *text)
{
	StringInfoData escaped;

	initStringInfo(&escaped);
	for (const char *c = text; *c; c++)
	{
		if (*c == '%')
			appendStringInfoString(&escaped, "%25");
		else if (*c == ' ' && c > text && c[-1] == ',')
			appendStringInfoString(&escaped, "%20");
		else
			appendStringInfoChar(&escaped, *c);
	}
	return escaped.data;
}

char *
pge_option_text_unescape(const char *text)
{
	StringInfoData plain;

	initStringInfo(&plain);
	for (const char *c = text; *c; c++)
	{
		bool		percent = strncmp(c, "%25", 3) == 0;

		if (percent || strncmp(c, "%20", 3) == 0)
		{
			appendStringInfoChar(&plain, percent ? '%' : ' ');
			c += 2;
		}
		else
			appendStringInfoChar(&plain, *c);
	}
	return plain.data;
}

/* A copy that stays; the same for the same text, so there are no more than texts that tables have. */
const char *
pge_option_text_keep(const char *text)
{
	static List *kept;
	MemoryContext old;
	ListCell   *cell;

	foreach(cell, kept)
		if (strcmp(lfirst(cell), text) == 0)
			return lfirst(cell);
	old = MemoryContextSwitchTo(TopMemoryContext);
	kept = lappend(kept, pstrdup(text));
	MemoryContextSwitchTo(old);
	return llast(kept);
}
