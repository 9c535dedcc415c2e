/*
 * One connection, prepared statements, binary values both ways; the server is what takes the time.
 *
 *	client search QUERIES FILTER SECONDS STATEMENT [SETTINGS ...]
 *		STATEMENT takes a vector as $1 and gives row numbers. For each SETTINGS ("name=value,name=value", or "-") it runs for all vectors of the
 *		file QUERIES, timed, for SECONDS at most, after a quarter of that to warm up, and prints
 *			SETTINGS recall queries/s p50 p95 p99 (ms) queries processor-ms processor-p99
 *		the last two a query's processor time in the server, which other load on the machine changes little.
 *		FILTER: which of a query's answers are right, 0 for those among all rows.
 *	client insert VECTORS FIRST STATEMENT
 *		STATEMENT takes a row number, a bucket and a vector. Runs once for each vector, in a transaction of its own; prints rows/s.
 *
 * Files are generate.c's. The connection is what PGHOST and its like say.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libpq-fe.h>

#define K 10

typedef struct File
{
	int32_t		dims;
	int32_t		count;
	int32_t		answers;
	float	   *vectors;
	int32_t    *rows;
} File;

static PGconn *connection;

static void
fail(const char *what, const char *why)
{
	fprintf(stderr, "client: %s: %s\n", what, why);
	exit(1);
}

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec * 1e-9;
}

/* What the server's process has had of a processor, in s. */
static double
server_time(void)
{
	char		name[64];
	FILE	   *stream;
	long long	spent = 0;

	snprintf(name, sizeof(name), "/proc/%d/schedstat", PQbackendPID(connection));
	stream = fopen(name, "r");
	if (stream == NULL || fscanf(stream, "%lld", &spent) != 1)
		fail(name, "cannot be read");
	fclose(stream);
	return spent * 1e-9;
}

static void
load(const char *name, File *file)
{
	FILE	   *stream = fopen(name, "rb");
	size_t		floats;
	size_t		rows;

	if (stream == NULL || fread(file, sizeof(int32_t), 3, stream) != 3)
		fail(name, "cannot be read");
	floats = (size_t) file->dims * file->count;
	rows = (size_t) file->answers * file->count;
	file->vectors = malloc(floats * sizeof(float) + 1);
	file->rows = malloc(rows * sizeof(int32_t) + 1);
	if (file->vectors == NULL || file->rows == NULL || fread(file->vectors, sizeof(float), floats, stream) != floats ||
		fread(file->rows, sizeof(int32_t), rows, stream) != rows)
		fail(name, "is not whole");
	fclose(stream);
}

static void
check(PGresult *result, ExecStatusType wanted, const char *what)
{
	if (PQresultStatus(result) != wanted)
		fail(what, PQresultErrorMessage(result));
}

static void
command(const char *text)
{
	PGresult   *result = PQexec(connection, text);

	check(result, PGRES_COMMAND_OK, text);
	PQclear(result);
}

static void
prepare(const char *statement, int parameters, const Oid *types)
{
	PGresult   *result = PQprepare(connection, "s", statement, parameters, types);

	check(result, PGRES_COMMAND_OK, statement);
	PQclear(result);
}

/* The wire's form of a vector. */
static int
encode(const File *file, int which, char *to)
{
	uint16_t	head[2] = {__builtin_bswap16(file->dims), 0};

	memcpy(to, head, 4);
	for (int j = 0; j < file->dims; j++)
	{
		uint32_t	bits;

		memcpy(&bits, file->vectors + (size_t) which * file->dims + j, 4);
		bits = __builtin_bswap32(bits);
		memcpy(to + 4 + 4 * j, &bits, 4);
	}
	return 4 + 4 * file->dims;
}

/* ---- search ---- */

static int
ascending(const void *a, const void *b)
{
	double		x = *(const double *) a;
	double		y = *(const double *) b;

	return (x > y) - (x < y);
}

/* How many of the answers are in the result. */
static int
found(const PGresult *result, const int32_t *right)
{
	int			hits = 0;

	for (int i = 0; i < PQntuples(result) && i < K; i++)
	{
		uint32_t	row;

		memcpy(&row, PQgetvalue(result, i, 0), 4);
		row = __builtin_bswap32(row);
		for (int k = 0; k < K; k++)
			hits += (int32_t) row == right[k];
	}
	return hits;
}

static int
wanted(const int32_t *right)
{
	int			n = 0;

	for (int k = 0; k < K; k++)
		n += right[k] >= 0;
	return n;
}

static void
apply(const char *settings)
{
	char		copy[1024];

	snprintf(copy, sizeof(copy), "%s", settings);
	for (char *one = strtok(copy, ","); one != NULL && strcmp(one, "-") != 0; one = strtok(NULL, ","))
	{
		char		text[1024];

		snprintf(text, sizeof(text), "SET %s", one);
		command(text);
	}
}

static void
measure(const File *file, int filter, double limit, const char *settings)
{
	char	   *value = malloc(4 + 4 * (size_t) file->dims);
	double	   *times = malloc(sizeof(double) * file->count);
	double	   *processor_times = malloc(sizeof(double) * file->count);
	double		total = 0;
	double		processor = 0;
	long		hits = 0;
	long		all = 0;
	int			done = 0;

	if (value == NULL || times == NULL || processor_times == NULL)
		fail("memory", "none left");
	for (int round = 0; round < 2; round++)
	{
		double		begin = now();
		double		before = server_time();

		processor = before;
		for (done = 0; done < file->count && (done == 0 || now() - begin < (round == 0 ? limit / 4 : limit)); done++)
		{
			const int32_t *right = file->rows + (size_t) done * file->answers + filter * K;
			const char *values[1] = {value};
			int			lengths[1] = {encode(file, done, value)};
			int			formats[1] = {1};
			double		from = now();
			PGresult   *result = PQexecPrepared(connection, "s", 1, values, lengths, formats, 1);

			times[done] = now() - from;
			check(result, PGRES_TUPLES_OK, settings);
			if (round > 0)
			{
				total += times[done];
				hits += found(result, right);
				all += wanted(right);
			}
			PQclear(result);
			processor_times[done] = server_time() - before;
			before += processor_times[done];
		}
		processor = server_time() - processor;
	}
	qsort(times, done, sizeof(double), ascending);
	qsort(processor_times, done, sizeof(double), ascending);
	printf("%s %.4f %.1f %.3f %.3f %.3f %d %.4f %.4f\n", settings, all == 0 ? 1 : (double) hits / all, done / total, times[done / 2] * 1e3,
		   times[(int) (done * 0.95)] * 1e3, times[(int) (done * 0.99)] * 1e3, done,
		   processor / done * 1e3, processor_times[(int) (done * 0.99)] * 1e3);
	fflush(stdout);
	free(value);
	free(times);
	free(processor_times);
}

static int
search(int argc, char **argv)
{
	File		file;
	int			filter = atoi(argv[3]);

	load(argv[2], &file);
	if (file.count < 1 || filter < 0 || (filter + 1) * K > file.answers)
		fail(argv[2], "has no such answers");
	prepare(argv[5], 1, NULL);
	for (int i = 6; i < argc; i++)
	{
		apply(argv[i]);
		measure(&file, filter, atof(argv[4]), argv[i]);
	}
	return 0;
}

/* ---- insert ---- */

static int
insert(char **argv)
{
	File		file;
	int32_t		first = atoi(argv[3]);
	char	   *value;
	double		begin;

	load(argv[2], &file);
	value = malloc(4 + 4 * (size_t) file.dims);
	if (value == NULL)
		fail("memory", "none left");
	prepare(argv[4], 3, NULL);
	begin = now();
	for (int i = 0; i < file.count; i++)
	{
		uint32_t	row = __builtin_bswap32(first + i);
		uint32_t	bucket = __builtin_bswap32(i % 10000);
		const char *values[3] = {(char *) &row, (char *) &bucket, value};
		int			lengths[3] = {4, 4, encode(&file, i, value)};
		int			formats[3] = {1, 1, 1};
		PGresult   *result = PQexecPrepared(connection, "s", 3, values, lengths, formats, 1);

		check(result, PGRES_COMMAND_OK, argv[4]);
		PQclear(result);
	}
	printf("%.1f\n", file.count / (now() - begin));
	return 0;
}

int
main(int argc, char **argv)
{
	int			status = 2;

	connection = PQconnectdb("");
	if (PQstatus(connection) != CONNECTION_OK)
		fail("connection", PQerrorMessage(connection));
	if (argc > 6 && strcmp(argv[1], "search") == 0)
		status = search(argc, argv);
	else if (argc == 5 && strcmp(argv[1], "insert") == 0)
		status = insert(argv);
	else
		fprintf(stderr, "usage: client search|insert ...\n");
	PQfinish(connection);
	return status;
}
