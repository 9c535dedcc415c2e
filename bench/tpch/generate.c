/*
 * TPC-H's tables, row by row, as text that COPY reads: the specification's schema, numbers of rows, distributions and text grammar
 * (revision 3, clauses 4.2.2 and 4.2.3), written from that text.
 *
 *	generate TABLE [SCALE [PART/PARTS [SEED]]]
 *
 * Every row draws from a generator of its own, seeded by table and row number, so the data is the same however many parts make it, and
 * orders and lineitem agree because both come from order_make(). Not dbgen's data, row for row: its random streams are its own.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "words.h"

#define LENGTH(a) ((int) (sizeof(a) / sizeof((a)[0])))

typedef enum Table
{
	REGION, NATION, SUPPLIER, CUSTOMER, PART, PARTSUPP, ORDERS, LINEITEM, TABLES
} Table;

static const char *const table_names[] = {"region", "nation", "supplier", "customer", "part", "partsupp", "orders", "lineitem"};

static double scale = 1;
static uint64_t seed = 19920101;

/* ---- Randomness: splitmix64, started anew for each row ---- */

static uint64_t state;

static uint64_t
next64(void)
{
	uint64_t	z = (state += 0x9E3779B97F4A7C15);

	z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
	z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
	return z ^ (z >> 31);
}

static void
start_row(Table table, int64_t row)
{
	state = seed;
	state = next64() ^ ((uint64_t) table << 56) ^ (uint64_t) row;
	state = next64();
}

/* Uniform, both ends included. */
static int64_t
between(int64_t low, int64_t high)
{
	return low + (int64_t) (((unsigned __int128) next64() * (uint64_t) (high - low + 1)) >> 64);
}

#define ANY(list) ((list)[between(0, LENGTH(list) - 1)])

/* ---- Output ---- */

static char out[1 << 20];
static char *end = out;

static void
flush(void)
{
	if (fwrite(out, 1, end - out, stdout) != (size_t) (end - out))
	{
		perror("generate: cannot write");
		exit(1);
	}
	end = out;
}

/* Between rows: the longest one is far below the margin. */
static void
row_end(void)
{
	end[-1] = '\n';				/* in place of the last column's tab */
	if (end - out > (int) sizeof(out) - 4096)
		flush();
}

static void
put_raw(const char *text)
{
	end = stpcpy(end, text);
}

static void
put_text(const char *text)
{
	put_raw(text);
	*end++ = '\t';
}

static void
put_digits(int64_t value, int width)
{
	char		digits[24];
	int			n = 0;

	do
		digits[n++] = '0' + value % 10;
	while ((value /= 10) > 0 || n < width);
	while (n > 0)
		*end++ = digits[--n];
}

static void
put_integer(int64_t value)
{
	put_digits(value, 1);
	*end++ = '\t';
}

/* A decimal with two places, given in hundredths. */
static void
put_cents(int64_t cents)
{
	if (cents < 0)
	{
		*end++ = '-';
		cents = -cents;
	}
	put_digits(cents / 100, 1);
	*end++ = '.';
	put_digits(cents % 100, 2);
	*end++ = '\t';
}

static void
put_numbered(const char *prefix, int64_t number)
{
	put_raw(prefix);
	put_digits(number, 9);
	*end++ = '\t';
}

/* ---- Days: number 0 is 1992-01-01 ---- */

#define DAYS 2557				/* to 1998-12-31 */
#define CURRENT_DAY 1263		/* 1995-06-17 */

static char dates[DAYS][12];

static void
prepare_dates(void)
{
	static const int length[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int			day = 0;

	for (int year = 1992; year <= 1998; year++)
		for (int month = 0; month < 12; month++)
			for (int d = 1; d <= length[month] + (month == 1 && year % 4 == 0); d++)
				snprintf(dates[day++], sizeof(dates[0]), "%04d-%02d-%02d", year % 10000, month + 1, d % 100);
}

/* ---- Text: sentences of the grammar, one after the other, cut into comments ---- */

#define CHOICES 4096

typedef struct Pool
{
	const char *word[CHOICES];
	uint8_t		length[CHOICES];
} Pool;

static Pool noun, verb, adjective, adverb, preposition, auxiliary, terminator;

/* Each word gets a share of the choices that goes with its weight. */
static void
prepare_pool(Pool *pool, const Tier *tiers)
{
	static char words[64][24];
	int			weights[64];
	int			n = 0,
				total = 0,
				sum = 0,
				at = 0;

	for (int t = 0; t < TIERS; t++)
		for (const char *p = tiers[t].words; *p != '\0'; n++)
		{
			int			length = strcspn(p, "|");

			snprintf(words[n], sizeof(words[n]), "%.*s", length, p);
			total += weights[n] = tiers[t].weight;
			p += length + (p[length] == '|');
		}
	for (int i = 0; i < n; i++)
	{
		const char *word = strdup(words[i]);

		sum += weights[i];
		for (; at < (int64_t) sum * CHOICES / total; at++)
		{
			pool->word[at] = word;
			pool->length[at] = strlen(word);
		}
	}
}

static char stream[2048];
static int	stream_length,
			stream_at;

static void
say(const Pool *pool, uint64_t *bits)
{
	int			choice = *bits % CHOICES;

	*bits /= CHOICES;
	memcpy(stream + stream_length, pool->word[choice], pool->length[choice]);
	stream_length += pool->length[choice];
	stream[stream_length++] = ' ';
}

static void
noun_phrase(void)
{
	uint64_t	bits = next64();
	int			form = bits % 4;

	bits /= 4;
	if (form == 3)
		say(&adverb, &bits);
	if (form != 0)
		say(&adjective, &bits);
	if (form == 2)
	{
		stream[stream_length - 1] = ',';
		stream[stream_length++] = ' ';
		say(&adjective, &bits);
	}
	say(&noun, &bits);
}

static void
verb_phrase(void)
{
	uint64_t	bits = next64();
	int			form = bits % 4;

	bits /= 4;
	if (form & 1)
		say(&auxiliary, &bits);
	say(&verb, &bits);
	if (form & 2)
		say(&adverb, &bits);
}

static void
prepositional_phrase(void)
{
	uint64_t	bits = next64();

	say(&preposition, &bits);
	memcpy(stream + stream_length, "the ", 4);
	stream_length += 4;
	noun_phrase();
}

static void
sentence(void)
{
	int			form = between(0, 4);
	uint64_t	bits;

	noun_phrase();
	if (form >= 3)
		prepositional_phrase();
	verb_phrase();
	if (form == 1 || form == 4)
		prepositional_phrase();
	if (form == 2 || form == 3)
		noun_phrase();
	bits = next64();
	stream_length--;			/* the terminator follows the word at once */
	say(&terminator, &bits);
}

/* Where a row's text begins in a sentence is chance. */
static void
start_text(void)
{
	stream_length = stream_at = 0;
	sentence();
	stream_at = between(0, stream_length - 1);
}

/* A piece of text with a length between low and high; leaves out a few bytes before the next. */
static const char *
text(int low, int high, int *length)
{
	const char *piece;

	*length = between(low, high);
	if (stream_at > LENGTH(stream) / 2)
	{
		memmove(stream, stream + stream_at, stream_length - stream_at);
		stream_length -= stream_at;
		stream_at = 0;
	}
	while (stream_length < stream_at + *length + 32)
		sentence();
	piece = stream + stream_at;
	stream_at += *length + between(0, 31);
	return piece;
}

static void
put_comment(int low, int high)
{
	int			length;
	const char *piece = text(low, high, &length);

	memcpy(end, piece, length);
	end += length;
	*end++ = '\t';
}

/* The specification's "random v-string". */
static void
put_address(void)
{
	static const char alphabet[] = "0123456789abcdefghijklmnopqrstuvwxyz,ABCDEFGHIJKLMNOPQRSTUVWXYZ ";

	for (int n = between(10, 40); n > 0; n--)
		*end++ = alphabet[between(0, 63)];
	*end++ = '\t';
}

static void
put_phone(int nation)
{
	put_digits(nation + 10, 2);
	*end++ = '-';
	put_digits(between(100, 999), 3);
	*end++ = '-';
	put_digits(between(100, 999), 3);
	*end++ = '-';
	put_digits(between(1000, 9999), 4);
	*end++ = '\t';
}

/* ---- Tables ---- */

static int64_t
scaled(int64_t rows)
{
	int64_t		n = (int64_t) (rows * scale + 0.5);

	return n > 0 ? n : 1;
}

#define SUPPLIERS scaled(10000)
#define CUSTOMERS scaled(150000)
#define PARTS scaled(200000)

static int64_t
retail_cents(int64_t part)
{
	return 90000 + part / 10 % 20001 + 100 * (part % 1000);
}

/* The one of a part's four suppliers, 0 to 3. Of fewer than 240, the specification's step could be a half or a third: one would come twice. */
static int64_t
part_supplier(int64_t part, int which)
{
	int64_t		s = SUPPLIERS;
	int64_t		step = s / 4 + (s < 240 ? 0 : (part - 1) / s);

	return (part + which * step) % s + 1;
}

static void
region(int64_t key)
{
	put_integer(key);
	put_text(regions[key]);
	put_comment(31, 115);
}

static void
nation(int64_t key)
{
	put_integer(key);
	put_text(nations[key].name);
	put_integer(nations[key].region);
	put_comment(31, 114);
}

/* Five of 10,000 suppliers have customers' complaints in their comment, five have recommendations: every 2,000th row, turn by turn. */
static void
supplier(int64_t row)
{
	int64_t		key = row + 1;
	int			nation = between(0, LENGTH(nations) - 1);
	const char *verdict = key % 2000 == 917 ? "Complaints" : key % 2000 == 1917 ? "Recommends" : NULL;
	char	   *comment;

	put_integer(key);
	put_numbered("Supplier#", key);
	put_address();
	put_integer(nation);
	put_phone(nation);
	put_cents(between(-99999, 999999));
	comment = end;
	put_comment(25, 100);
	if (verdict != NULL)
	{
		int			spare = end - 1 - comment - 18;
		int			gap = between(0, spare);
		char	   *who = comment + between(0, spare - gap);

		memcpy(who, "Customer", 8);
		memcpy(who + 8 + gap, verdict, 10);
	}
}

static void
customer(int64_t row)
{
	int			nation = between(0, LENGTH(nations) - 1);

	put_integer(row + 1);
	put_numbered("Customer#", row + 1);
	put_address();
	put_integer(nation);
	put_phone(nation);
	put_cents(between(-99999, 999999));
	put_text(ANY(segments));
	put_comment(29, 116);
}

static void
part(int64_t row)
{
	int			chosen[5];
	int			maker = between(1, 5);

	put_integer(row + 1);
	for (int i = 0; i < 5; i++)
	{
		bool		again;

		do
		{
			again = false;
			chosen[i] = between(0, LENGTH(colors) - 1);
			for (int j = 0; j < i; j++)
				again |= chosen[j] == chosen[i];
		} while (again);
		put_raw(colors[chosen[i]]);
		*end++ = i < 4 ? ' ' : '\t';
	}
	put_raw("Manufacturer#");
	put_integer(maker);
	put_raw("Brand#");
	put_integer(maker * 10 + between(1, 5));
	put_raw(ANY(type_size));
	*end++ = ' ';
	put_raw(ANY(type_finish));
	*end++ = ' ';
	put_text(ANY(type_metal));
	put_integer(between(1, 50));
	put_raw(ANY(container_size));
	*end++ = ' ';
	put_text(ANY(container_kind));
	put_cents(retail_cents(row + 1));
	put_comment(5, 22);
}

static void
partsupp(int64_t row)
{
	put_integer(row / 4 + 1);
	put_integer(part_supplier(row / 4 + 1, row % 4));
	put_integer(between(1, 9999));
	put_cents(between(100, 100000));
	put_comment(49, 198);
}

typedef struct Line
{
	int64_t		part,
				supplier,
				price;
	int			quantity,
				discount,
				tax,
				ship,
				commit,
				receipt;
	bool		returned;
	const char *instruction,
			   *mode;
} Line;

typedef struct Order
{
	int64_t		key,
				customer,
				total;
	int			day,
				lines;
	char		status;
	const char *priority;
	int64_t		clerk;
	Line		line[7];
} Order;

/* Everything of an order and its lines but the comments: the same for both tables, so not from the row's own generator. */
static void
order_make(int64_t row, Order *order)
{
	uint64_t	row_state = state;
	int			open = 0;

	start_row(TABLES, row);
	order->key = (row + 1) / 8 * 32 + (row + 1) % 8;	/* 8 of 32 keys are used */
	do
		order->customer = between(1, CUSTOMERS);
	while (order->customer % 3 == 0 && CUSTOMERS > 1);	/* a third of the customers has no orders */
	order->day = between(0, DAYS - 1 - 151);
	order->priority = ANY(priorities);
	order->clerk = between(1, scaled(1000));
	order->lines = between(1, 7);
	order->total = 0;
	for (int i = 0; i < order->lines; i++)
	{
		Line	   *line = &order->line[i];

		line->part = between(1, PARTS);
		line->supplier = part_supplier(line->part, between(0, 3));
		line->quantity = between(1, 50);
		line->price = line->quantity * retail_cents(line->part);
		line->discount = between(0, 10);
		line->tax = between(0, 8);
		line->ship = order->day + between(1, 121);
		line->commit = order->day + between(30, 90);
		line->receipt = line->ship + between(1, 30);
		line->returned = between(0, 1);
		line->instruction = ANY(instructions);
		line->mode = ANY(modes);
		order->total += (line->price * (100 + line->tax) * (100 - line->discount) + 5000) / 10000;
		open += line->ship > CURRENT_DAY;
	}
	order->status = open == 0 ? 'F' : open == order->lines ? 'O' : 'P';
	state = row_state;
}

static void
orders(int64_t row)
{
	Order		order;

	order_make(row, &order);
	put_integer(order.key);
	put_integer(order.customer);
	*end++ = order.status;
	*end++ = '\t';
	put_cents(order.total);
	put_text(dates[order.day]);
	put_text(order.priority);
	put_numbered("Clerk#", order.clerk);
	put_integer(0);
	put_comment(19, 78);
}

static void
lineitem(int64_t row)
{
	Order		order;

	order_make(row, &order);
	for (int i = 0; i < order.lines; i++)
	{
		const Line *line = &order.line[i];

		if (i > 0)
			row_end();
		put_integer(order.key);
		put_integer(line->part);
		put_integer(line->supplier);
		put_integer(i + 1);
		put_integer(line->quantity);
		put_cents(line->price);
		put_cents(line->discount);
		put_cents(line->tax);
		put_text(line->receipt > CURRENT_DAY ? "N" : line->returned ? "R" : "A");
		put_text(line->ship > CURRENT_DAY ? "O" : "F");
		put_text(dates[line->ship]);
		put_text(dates[line->commit]);
		put_text(dates[line->receipt]);
		put_text(line->instruction);
		put_text(line->mode);
		put_comment(10, 43);
	}
}

int
main(int argc, char **argv)
{
	static void (*const make[TABLES]) (int64_t) = {region, nation, supplier, customer, part, partsupp, orders, lineitem};
	int64_t		number = 1,
				of = 1;
	int			table = 0;

	while (argc > 1 && table < TABLES && strcmp(argv[1], table_names[table]) != 0)
		table++;
	if (argc > 2)
		scale = atof(argv[2]);
	if (argc > 4)
		seed = strtoull(argv[4], NULL, 10);
	if (argc < 2 || argc > 5 || table == TABLES || !(scale > 0 && scale <= 100000) ||
		(argc > 3 && (sscanf(argv[3], "%ld/%ld", &number, &of) != 2 || number < 1 || number > of)))
	{
		fputs("usage: generate TABLE [SCALE [PART/PARTS [SEED]]]\n"
			  "TABLE: region nation supplier customer part partsupp orders lineitem; SCALE 1 is about 1 GB in all\n", stderr);
		return 2;
	}

	const int64_t units[TABLES] = {LENGTH(regions), LENGTH(nations), SUPPLIERS, CUSTOMERS, PARTS, PARTS * 4,
	scaled(1500000), scaled(1500000)};

	prepare_dates();
	prepare_pool(&noun, nouns);
	prepare_pool(&verb, verbs);
	prepare_pool(&adjective, adjectives);
	prepare_pool(&adverb, adverbs);
	prepare_pool(&preposition, prepositions);
	prepare_pool(&auxiliary, auxiliaries);
	prepare_pool(&terminator, terminators);

	for (int64_t row = units[table] * (number - 1) / of; row < units[table] * number / of; row++)
	{
		start_row(table, row);
		start_text();
		make[table] (row);
		row_end();
	}
	flush();
	return fflush(stdout) == 0 ? 0 : 1;
}
