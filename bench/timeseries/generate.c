/*
 * Machines that report their processors' use every 10 seconds, as the Time Series Benchmark Suite's "cpu-only" case has it: hosts with
 * tags, ten measurements that walk randomly between 0 and 100, and its kinds of queries with random hosts and times.
 *
 *	generate tags HOSTS                        the tags table, as text that COPY reads
 *	generate rows HOSTS STEPS                  all hosts of a step, then the next step
 *	generate batches HOSTS STEPS ROWS PART/PARTS TABLE    the same as INSERTs of so many rows; hosts are shared out over the parts
 *	generate queries HOSTS STEPS EACH          a line each: kind, tab, SQL; of kinds that name hosts MORE times EACH
 *
 * Written from the suite's documentation; nothing is random but for a seed that is always the same.
 */
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define METRICS 10
#define MORE	10				/* queries of a kind that takes milliseconds, for one of others */
#define STEP	10				/* seconds */
#define BEGINNING 1451606400	/* 2016-01-01 */
#define DAY		86400

static const char *const metrics[METRICS] = {"usage_user", "usage_system", "usage_idle", "usage_nice", "usage_iowait", "usage_irq",
	"usage_softirq", "usage_steal", "usage_guest", "usage_guest_nice"};

/* ---- Randomness: splitmix64 ---- */

static uint64_t
next64(uint64_t *state)
{
	uint64_t	z = (*state += 0x9E3779B97F4A7C15);

	z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
	z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
	return z ^ (z >> 31);
}

static int64_t
below(uint64_t *state, int64_t end)
{
	return (int64_t) (((unsigned __int128) next64(state) * (uint64_t) end) >> 64);
}

/* Near enough to a normal distribution with variance 1: twelve uniform numbers, less their mean. */
static double
step_of_walk(uint64_t *state)
{
	double		sum = 0;

	for (int i = 0; i < 3; i++)
	{
		uint64_t	bits = next64(state);

		for (int j = 0; j < 4; j++)
			sum += (double) ((bits >> (16 * j)) & 0xFFFF) / 65536;
	}
	return sum - 6;
}

/* ---- Times ---- */

/* Days since 1970 as a date, by the Gregorian calendar. */
static void
print_time(FILE *out, int64_t seconds)
{
	int64_t		days = seconds / DAY + 719468;
	int64_t		era = days / 146097;
	int64_t		day_of_era = days % 146097;
	int64_t		year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int64_t		day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t		shifted = (5 * day_of_year + 2) / 153;
	int			day = (int) (day_of_year - (153 * shifted + 2) / 5 + 1);
	int			month = (int) (shifted < 10 ? shifted + 3 : shifted - 9);
	int			year = (int) (year_of_era + era * 400 + (month <= 2));
	int			rest = (int) (seconds % DAY);

	fprintf(out, "%04d-%02d-%02d %02d:%02d:%02d+00", year, month, day, rest / 3600, rest / 60 % 60, rest % 60);
}

/* ---- Rows ---- */

typedef struct Host
{
	uint64_t	state;
	double		values[METRICS];
} Host;

static Host *
make_hosts(int64_t count)
{
	Host	   *hosts = calloc(count, sizeof(Host));

	if (hosts == NULL)
		exit(1);
	for (int64_t i = 0; i < count; i++)
	{
		hosts[i].state = 123 + (uint64_t) i * 7919;
		for (int m = 0; m < METRICS; m++)
			hosts[i].values[m] = (double) below(&hosts[i].state, 101);
	}
	return hosts;
}

static void
walk(Host *host)
{
	for (int m = 0; m < METRICS; m++)
		host->values[m] = fmin(100, fmax(0, host->values[m] + step_of_walk(&host->state)));
}

static void
print_rows(int64_t nhosts, int64_t steps)
{
	Host	   *hosts = make_hosts(nhosts);

	for (int64_t step = 0; step < steps; step++)
	{
		for (int64_t i = 0; i < nhosts; i++)
		{
			walk(&hosts[i]);
			print_time(stdout, BEGINNING + step * STEP);
			printf("\thost_%" PRId64, i);
			for (int m = 0; m < METRICS; m++)
				printf("\t%d", (int) hosts[i].values[m]);
			putchar('\n');
		}
	}
}

static void
print_batches(int64_t nhosts, int64_t steps, int64_t size, int part, int parts, const char *table)
{
	Host	   *hosts = make_hosts(nhosts);
	int64_t		rows = 0;

	for (int64_t step = 0; step < steps; step++)
	{
		for (int64_t i = part - 1; i < nhosts; i += parts)
		{
			walk(&hosts[i]);
			if (rows++ % size == 0)
				printf("%sINSERT INTO %s VALUES ('", rows > 1 ? ";\n" : "", table);
			else
				printf(", ('");
			print_time(stdout, BEGINNING + step * STEP);
			printf("', 'host_%" PRId64 "'", i);
			for (int m = 0; m < METRICS; m++)
				printf(", %d", (int) hosts[i].values[m]);
			putchar(')');
		}
	}
	puts(";");
}

static void
print_tags(int64_t nhosts)
{
	static const char *const regions[] = {"us-east-1", "us-west-1", "us-west-2", "eu-west-1", "eu-central-1", "ap-southeast-1",
		"ap-southeast-2", "ap-northeast-1", "sa-east-1"};
	static const char *const systems[] = {"Ubuntu16.10", "Ubuntu16.04LTS", "Ubuntu15.10"};
	static const char *const teams[] = {"SF", "NYC", "LON", "CHI"};

	for (int64_t i = 0; i < nhosts; i++)
	{
		uint64_t	state = 321 + (uint64_t) i * 104729;
		const char *region = regions[below(&state, 9)];

		printf("host_%" PRId64 "\t%s\t%s%c\t%d\t%s\t%s\t%s\t%d\t%d\t%s\n", i, region, region, (char) ('a' + below(&state, 3)),
			   (int) below(&state, 100), systems[below(&state, 3)], below(&state, 2) ? "x64" : "x86", teams[below(&state, 4)],
			   (int) below(&state, 20), (int) below(&state, 2), below(&state, 2) ? "production" : "test");
	}
}

/* ---- Queries ---- */

typedef struct Queries
{
	uint64_t	state;
	int64_t		nhosts;
	int64_t		seconds;
} Queries;

/* A stretch of time at random, or all there is. */
static void
print_window(Queries *queries, int64_t hours)
{
	int64_t		length = hours * 3600 < queries->seconds ? hours * 3600 : queries->seconds;
	int64_t		start = BEGINNING + below(&queries->state, queries->seconds - length + 1);

	printf("time >= '");
	print_time(stdout, start);
	printf("' AND time < '");
	print_time(stdout, start + length);
	putchar('\'');
}

/* Different hosts. */
static void
print_hosts(Queries *queries, int count)
{
	int64_t		first = below(&queries->state, queries->nhosts);

	printf("hostname IN (");
	for (int i = 0; i < count && i < queries->nhosts; i++)
		printf("%s'host_%" PRId64 "'", i > 0 ? ", " : "", (first + i * (queries->nhosts / count > 0 ? queries->nhosts / count : 1)) % queries->nhosts);
	putchar(')');
}

static void
print_metrics(const char *function, int count)
{
	for (int m = 0; m < count; m++)
		printf(", %s(%s) AS %s_%s", function, metrics[m], function, metrics[m]);
}

static void
single_groupby(Queries *queries, int nmetrics, int hosts, int hours)
{
	printf("single-groupby-%d-%d-%d\tSELECT time_bucket('60 seconds', time) AS minute", nmetrics, hosts, hours);
	print_metrics("max", nmetrics);
	printf(" FROM cpu WHERE ");
	print_hosts(queries, hosts);
	printf(" AND ");
	print_window(queries, hours);
	puts(" GROUP BY minute ORDER BY minute");
}

static void
cpu_max_all(Queries *queries, int hosts)
{
	printf("cpu-max-all-%d\tSELECT time_bucket('3600 seconds', time) AS hour", hosts);
	print_metrics("max", METRICS);
	printf(" FROM cpu WHERE ");
	print_hosts(queries, hosts);
	printf(" AND ");
	print_window(queries, 8);
	puts(" GROUP BY hour ORDER BY hour");
}

static void
double_groupby(Queries *queries, const char *name, int nmetrics)
{
	printf("double-groupby-%s\tSELECT time_bucket('3600 seconds', time) AS hour, hostname", name);
	print_metrics("avg", nmetrics);
	printf(" FROM cpu WHERE ");
	print_window(queries, 12);
	puts(" GROUP BY hour, hostname ORDER BY hour, hostname");
}

static void
high_cpu(Queries *queries, const char *name, int hosts)
{
	printf("high-cpu-%s\tSELECT * FROM cpu WHERE usage_user > 90.0 AND ", name);
	print_window(queries, 12);
	if (hosts > 0)
	{
		printf(" AND ");
		print_hosts(queries, hosts);
	}
	putchar('\n');
}

static void
orderby_limit(Queries *queries)
{
	printf("groupby-orderby-limit\tSELECT time_bucket('60 seconds', time) AS minute, max(usage_user) FROM cpu WHERE time < '");
	print_time(stdout, BEGINNING + queries->seconds / 2 + below(&queries->state, queries->seconds / 2 + 1));
	puts("' GROUP BY minute ORDER BY minute DESC LIMIT 5");
}

static void
print_queries(Queries *queries, int each)
{
	static const int single[6][3] = {{1, 1, 1}, {1, 1, 12}, {1, 8, 1}, {5, 1, 1}, {5, 1, 12}, {5, 8, 1}};

	for (int kind = 0; kind < 6; kind++)
		for (int i = 0; i < each * MORE; i++)
			single_groupby(queries, single[kind][0], single[kind][1], single[kind][2]);
	for (int i = 0; i < each * MORE; i++)
		cpu_max_all(queries, 1);
	for (int i = 0; i < each * MORE; i++)
		cpu_max_all(queries, 8);
	for (int i = 0; i < each; i++)
		double_groupby(queries, "1", 1);
	for (int i = 0; i < each; i++)
		double_groupby(queries, "5", 5);
	for (int i = 0; i < each; i++)
		double_groupby(queries, "all", METRICS);
	for (int i = 0; i < each * MORE; i++)
		high_cpu(queries, "1", 1);
	for (int i = 0; i < each; i++)
		high_cpu(queries, "all", 0);
	puts("lastpoint\tSELECT DISTINCT ON (hostname) * FROM cpu ORDER BY hostname, time DESC");
	puts("lastpoint-lateral\tSELECT t.region, c.* FROM tags t, LATERAL (SELECT * FROM cpu WHERE cpu.hostname = t.hostname "
		 "ORDER BY time DESC LIMIT 1) c");
	for (int i = 0; i < each; i++)
		orderby_limit(queries);
	/* Of our own, not the suite's: all rows, and the first ones, by series and time. */
	puts("ordered-all\tSELECT count(d), sum(d) FROM (SELECT usage_user - lag(usage_user) OVER (PARTITION BY hostname ORDER BY time) AS d FROM cpu) s");
	puts("ordered-limit\tSELECT hostname, time, usage_user FROM cpu ORDER BY hostname, time LIMIT 100");
}

/* ---- ---- */

static int64_t
number(const char *text)
{
	char	   *end;
	long long	value = strtoll(text, &end, 10);

	if (*text == '\0' || *end != '\0' || value < 1)
	{
		fprintf(stderr, "not a whole number from 1 up: %s\n", text);
		exit(2);
	}
	return value;
}

int
main(int argc, char **argv)
{
	int			part;
	int			parts;

	if (argc == 3 && strcmp(argv[1], "tags") == 0)
		print_tags(number(argv[2]));
	else if (argc == 4 && strcmp(argv[1], "rows") == 0)
		print_rows(number(argv[2]), number(argv[3]));
	else if (argc == 7 && strcmp(argv[1], "batches") == 0 && sscanf(argv[5], "%d/%d", &part, &parts) == 2 && part >= 1 && part <= parts)
		print_batches(number(argv[2]), number(argv[3]), number(argv[4]), part, parts, argv[6]);
	else if (argc == 5 && strcmp(argv[1], "queries") == 0)
	{
		Queries		queries = {.state = 4711,.nhosts = number(argv[2]),.seconds = number(argv[3]) * STEP};

		print_queries(&queries, (int) number(argv[4]));
	}
	else
	{
		fprintf(stderr, "usage: generate tags HOSTS | rows HOSTS STEPS | batches HOSTS STEPS ROWS PART/PARTS TABLE | queries HOSTS STEPS EACH\n");
		return 2;
	}
	return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
