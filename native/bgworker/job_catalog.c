/*
 * Jobs: calls of the catalog's functions, as the superuser who owns them, whoever the session belongs to. Runs nothing of users'.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "jobs.h"

/* In a transaction. */
bool
pge_jobs_installed(void)
{
	return OidIsValid(get_extension_oid("epiphany_timeseries", true));
}

/* The result is SPI's; an error leaves the user id to the end of the transaction. */
void
pge_jobs_query(const char *query, int nargs, Oid *types, Datum *values, const char *nulls)
{
	Oid			user;
	int			context;

	GetUserIdAndSecContext(&user, &context);
	SetUserIdAndSecContext(BOOTSTRAP_SUPERUSERID, context | SECURITY_LOCAL_USERID_CHANGE);
	if (SPI_execute_with_args(query, nargs, types, values, nulls, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "unexpected result of \"%s\"", query);
	SetUserIdAndSecContext(user, context);
}

/* Notes a run's end, in a transaction of its own; a NULL message is success. Returns when the job is to run next. */
TimestampTz
pge_job_end(int32 job_id, const char *sqlstate, const char *message)
{
	Oid			types[] = {INT4OID, BOOLOID, TEXTOID, TEXTOID};
	Datum		values[] = {
		Int32GetDatum(job_id),
		BoolGetDatum(message == NULL),
		sqlstate ? CStringGetTextDatum(sqlstate) : (Datum) 0,
		message ? CStringGetTextDatum(message) : (Datum) 0
	};
	char		nulls[] = {' ', ' ', sqlstate ? ' ' : 'n', message ? ' ' : 'n'};
	TimestampTz next = DT_NOEND;
	bool		isnull = true;
	Datum		datum;

	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	SPI_connect();
	pge_jobs_query("SELECT epiphany.job_end($1, $2, $3, $4)", 4, types, values, nulls);
	datum = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	if (!isnull)
		next = DatumGetTimestampTz(datum);
	SPI_finish();
	PopActiveSnapshot();
	CommitTransactionCommand();
	return next;
}
