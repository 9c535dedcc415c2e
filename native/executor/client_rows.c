/*
 * Executor: rows of the engine as text for the client. PostgreSQL's receiver has a string made of each value by its type's output function,
 * measures and copies it, which costs a large result more than all that was computed. Here values of the commonest types are written into
 * the message itself; all others by their output functions.
 *
 * A client must not be able to tell: what is sent is, byte by byte, what printtup.c sends. It still describes the rows. Where any column is
 * wanted in binary, or it cannot be known here what is wanted, rows are left to it.
 */
#include "postgres.h"

#include "access/printtup.h"
#include "common/shortest_dec.h"
#include "executor/executor.h"
#include "libpq/pqformat.h"
#include "libpq/protocol.h"
#include "miscadmin.h"
#include "tcop/pquery.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/float.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/portal.h"
#include "utils/timestamp.h"

#include "client_rows.h"
#include "engine.h"

/* Of timestamps: what all those of one day, by the session's clock, have in common. */
typedef struct Day
{
	pg_tz	   *zone;
	Timestamp	from;
	Timestamp	until;			/* the day's end; not above "from": nothing is known */
	char		text[MAXDATELEN + 1];	/* in ISO format, without a fraction */
} Day;

#define CLOCK_AT 11				/* where "hh:mm:ss" begins in it */
#define ZONE_AT 19				/* where the zone begins, which a timestamp without one does not have */

typedef struct Column Column;

struct Column
{
	void		(*write) (StringInfo message, Column *column, Datum value);
	FmgrInfo	output;
	Day			day;
};

typedef struct ClientRows
{
	DestReceiver receiver;		/* first */
	DestReceiver *next;			/* PostgreSQL's */
	Column	   *columns;		/* NULL until the first row */
	StringInfoData message;
	MemoryContext cxt;			/* all of it */
	MemoryContext row_cxt;		/* what output functions make; reset with each row */
} ClientRows;

static ExecutorRun_hook_type next_executor_run = NULL;

/* ---- Values: their length, then their text ---- */

#define LENGTH_BYTES 4

/* Room for so many bytes of text, of which it is not known yet how many there will be. */
static inline char *
begin_text(StringInfo message, int most)
{
	enlargeStringInfo(message, LENGTH_BYTES + most);
	return message->data + message->len + LENGTH_BYTES;
}

static inline void
end_text(StringInfo message, int length)
{
	uint32		sent = pg_hton32((uint32) length);

	memcpy(message->data + message->len, &sent, LENGTH_BYTES);
	message->len += LENGTH_BYTES + length;
}

static void
write_by_function(StringInfo message, Column *column, Datum value)
{
	char	   *text = OutputFunctionCall(&column->output, value);

	pq_sendcountedtext(message, text, strlen(text));
}

static void
write_bool(StringInfo message, Column *column, Datum value)
{
	*begin_text(message, 1) = DatumGetBool(value) ? 't' : 'f';
	end_text(message, 1);
}

static void
write_int2(StringInfo message, Column *column, Datum value)
{
	end_text(message, pg_itoa(DatumGetInt16(value), begin_text(message, MAXINT8LEN + 1)));
}

static void
write_int4(StringInfo message, Column *column, Datum value)
{
	end_text(message, pg_ltoa(DatumGetInt32(value), begin_text(message, MAXINT8LEN + 1)));
}

static void
write_int8(StringInfo message, Column *column, Datum value)
{
	end_text(message, pg_lltoa(DatumGetInt64(value), begin_text(message, MAXINT8LEN + 1)));
}

static void
write_float4(StringInfo message, Column *column, Datum value)
{
	if (extra_float_digits > 0)
		end_text(message, float_to_shortest_decimal_bufn(DatumGetFloat4(value), begin_text(message, FLOAT_SHORTEST_DECIMAL_LEN)));
	else
		write_by_function(message, column, value);
}

/* Whole numbers are written as such below 1e15; those that are int4 are made short work of. */
static void
write_float8(StringInfo message, Column *column, Datum value)
{
	double		number = DatumGetFloat8(value);
	bool		is_small = number > PG_INT32_MIN && number < PG_INT32_MAX;
	int32		whole = is_small ? (int32) number : 0;

	if (extra_float_digits <= 0)
		write_by_function(message, column, value);
	else if (is_small && whole == number && (whole != 0 || !signbit(number)))
		end_text(message, pg_ltoa(whole, begin_text(message, MAXINT8LEN + 1)));
	else
		end_text(message, double_to_shortest_decimal_bufn(number, begin_text(message, DOUBLE_SHORTEST_DECIMAL_LEN)));
}

static void
write_text(StringInfo message, Column *column, Datum value)
{
	struct varlena *text = (struct varlena *) DatumGetPointer(value);

	if (VARATT_IS_EXTERNAL(text) || VARATT_IS_COMPRESSED(text))
		write_by_function(message, column, value);
	else
		pq_sendcountedtext(message, VARDATA_ANY(text), VARSIZE_ANY_EXHDR(text));
}

/* ---- Timestamps ---- */

/* Years that are not of four digits, and days in which the clock is changed, are not known: "until" stays. */
static void
learn_day(Day *day, Timestamp value, bool has_zone)
{
	struct pg_tm time;
	fsec_t		fraction;
	int			offset;
	Timestamp	from;
	const char *text;

	day->zone = session_timezone;
	day->from = day->until = 0;
	if (TIMESTAMP_NOT_FINITE(value) || timestamp2tm(value, has_zone ? &offset : NULL, &time, &fraction, NULL, NULL) != 0 ||
		time.tm_year < 1000 || time.tm_year > 9999)
		return;
	from = value - (time.tm_hour * SECS_PER_HOUR + time.tm_min * SECS_PER_MINUTE + time.tm_sec) * USECS_PER_SEC - fraction;
	if (has_zone)
	{
		pg_time_t	begun = timestamptz_to_time_t(from);
		pg_time_t	changed;
		long		offset_before,
					offset_after;
		int			dst_before,
					dst_after;
		int			found = pg_next_dst_boundary(&begun, &offset_before, &dst_before, &changed, &offset_after, &dst_after, day->zone);

		if (found < 0 || (found > 0 && changed <= begun + SECS_PER_DAY))
			return;
	}
	text = DatumGetCString(DirectFunctionCall1(has_zone ? timestamptz_out : timestamp_out, TimestampGetDatum(value - fraction)));
	strlcpy(day->text, text, sizeof(day->text));
	day->from = from;
	day->until = from + USECS_PER_DAY;
}

static inline void
two_digits(char *text, int number)
{
	text[0] = '0' + number / 10;
	text[1] = '0' + number % 10;
}

static void
write_timestamp(StringInfo message, Column *column, Datum value)
{
	Timestamp	moment = DatumGetTimestamp(value);
	Day		   *day = &column->day;
	bool		has_zone = column->output.fn_oid == F_TIMESTAMPTZ_OUT;
	char	   *text;
	int			seconds,
				fraction,
				length = ZONE_AT;

	if (DateStyle != USE_ISO_DATES)
	{
		write_by_function(message, column, value);
		return;
	}
	if (moment < day->from || moment >= day->until || day->zone != session_timezone)
		learn_day(day, moment, has_zone);
	if (day->until <= day->from)
	{
		write_by_function(message, column, value);
		return;
	}

	seconds = (moment - day->from) / USECS_PER_SEC;
	fraction = (moment - day->from) % USECS_PER_SEC;
	text = begin_text(message, MAXDATELEN + 8);
	memcpy(text, day->text, ZONE_AT);
	two_digits(text + CLOCK_AT, seconds / SECS_PER_HOUR);
	two_digits(text + CLOCK_AT + 3, seconds / SECS_PER_MINUTE % MINS_PER_HOUR);
	two_digits(text + CLOCK_AT + 6, seconds % SECS_PER_MINUTE);
	if (fraction != 0)
	{
		int			digits = 6;

		for (; fraction % 10 == 0; fraction /= 10)
			digits--;
		text[length] = '.';
		for (int i = digits; i > 0; i--, fraction /= 10)
			text[length + i] = '0' + fraction % 10;
		length += 1 + digits;
	}
	for (const char *zone = day->text + ZONE_AT; *zone != '\0'; zone++)
		text[length++] = *zone;
	end_text(message, length);
}

/* ---- Rows ---- */

/* By output function; all others write by it. */
static const struct
{
	Oid			function;
	void		(*write) (StringInfo message, Column *column, Datum value);
}			writers[] = {
	{F_BOOLOUT, write_bool},
	{F_INT2OUT, write_int2},
	{F_INT4OUT, write_int4},
	{F_INT8OUT, write_int8},
	{F_FLOAT4OUT, write_float4},
	{F_FLOAT8OUT, write_float8},
	{F_TEXTOUT, write_text},
	{F_VARCHAROUT, write_text},
	{F_BPCHAROUT, write_text},
	{F_TIMESTAMP_OUT, write_timestamp},
	{F_TIMESTAMPTZ_OUT, write_timestamp},
};

static Column *
learn_columns(TupleDesc desc)
{
	Column	   *columns = palloc0_array(Column, Max(desc->natts, 1));

	for (int i = 0; i < desc->natts; i++)
	{
		Oid			function;
		bool		is_varlena;
		Column	   *column = &columns[i];

		getTypeOutputInfo(TupleDescAttr(desc, i)->atttypid, &function, &is_varlena);
		fmgr_info(function, &column->output);
		column->write = write_by_function;
		for (int j = 0; j < lengthof(writers); j++)
			if (writers[j].function == function)
				column->write = writers[j].write;
	}
	return columns;
}

static bool
receive(TupleTableSlot *slot, DestReceiver *receiver)
{
	ClientRows *rows = (ClientRows *) receiver;
	StringInfo	message = &rows->message;
	int			natts = slot->tts_tupleDescriptor->natts;
	MemoryContext old;

	slot_getallattrs(slot);
	old = MemoryContextSwitchTo(rows->cxt);
	if (rows->columns == NULL)
		rows->columns = learn_columns(slot->tts_tupleDescriptor);
	MemoryContextSwitchTo(rows->row_cxt);
	pq_beginmessage_reuse(message, PqMsg_DataRow);
	pq_sendint16(message, natts);
	for (int i = 0; i < natts; i++)
	{
		if (slot->tts_isnull[i])
			pq_sendint32(message, -1);
		else
			rows->columns[i].write(message, &rows->columns[i], slot->tts_values[i]);
	}
	pq_endmessage_reuse(message);
	MemoryContextSwitchTo(old);
	MemoryContextReset(rows->row_cxt);
	return true;
}

static void
startup(DestReceiver *receiver, int operation, TupleDesc desc)
{
	DestReceiver *next = ((ClientRows *) receiver)->next;

	next->rStartup(next, operation, desc);
}

static void
shutdown_rows(DestReceiver *receiver)
{
	DestReceiver *next = ((ClientRows *) receiver)->next;

	next->rShutdown(next);
}

/*
 * Does the engine give the rows, and does the client want all columns as text? That is told by the portal of the client's own statement,
 * whose name is empty; what runs within, EXECUTE and FETCH among others, has a portal of its own, but the outer one's receiver.
 */
static bool
wants_text(QueryDesc *desc)
{
	PlanState  *top = desc->planstate;
	Portal		portal = ActivePortal;

	if (top == NULL || !IsA(top, CustomScanState) || ((CustomScan *) top->plan)->methods != &pge_engine_methods)
		return false;
	if (desc->dest->mydest != DestRemote && desc->dest->mydest != DestRemoteExecute)
		return false;
	if (portal == NULL || portal->queryDesc != desc || portal->name[0] != '\0')
		return false;
	for (int i = 0; portal->formats != NULL && i < desc->tupDesc->natts; i++)
		if (portal->formats[i] != 0)
			return false;
	return true;
}

static void
run_next(QueryDesc *desc, ScanDirection direction, uint64 count, bool execute_once)
{
	if (next_executor_run)
		next_executor_run(desc, direction, count, execute_once);
	else
		standard_ExecutorRun(desc, direction, count, execute_once);
}

static void
executor_run(QueryDesc *desc, ScanDirection direction, uint64 count, bool execute_once)
{
	MemoryContext cxt,
				old;
	ClientRows *rows;

	if (!wants_text(desc))
	{
		run_next(desc, direction, count, execute_once);
		return;
	}
	cxt = AllocSetContextCreate(CurrentMemoryContext, "client rows", ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(cxt);
	rows = palloc0_object(ClientRows);
	rows->receiver = *desc->dest;
	rows->receiver.receiveSlot = receive;
	rows->receiver.rStartup = startup;
	rows->receiver.rShutdown = shutdown_rows;
	rows->next = desc->dest;
	rows->cxt = cxt;
	rows->row_cxt = AllocSetContextCreate(cxt, "client row", ALLOCSET_DEFAULT_SIZES);
	initStringInfo(&rows->message);
	MemoryContextSwitchTo(old);
	desc->dest = &rows->receiver;
	run_next(desc, direction, count, execute_once);
	desc->dest = rows->next;
	MemoryContextDelete(cxt);
}

void
pge_client_rows_init(void)
{
	next_executor_run = ExecutorRun_hook;
	ExecutorRun_hook = executor_run;
}
