/*
 * Page hits as a web-analytics service keeps them, one row of 105 columns a hit, as text that COPY reads: types, cardinalities and skews
 * are modelled on what is published of ClickBench's data set; names, texts and values are made up.
 *
 *	generate schema | generate hits ROWS [SEED]
 *
 * Rows come as that service writes them: site by site (few have most of the hits; site 62 has 0.74 %), day by day in July 2013, visit by
 * visit. Most columns say little: flags, zeros, empty strings. What belongs to a user, a visit or a page is the same in all its hits.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LENGTH(a) ((int) (sizeof(a) / sizeof((a)[0])))
#define DAYS 31

static uint64_t seed = 20130701;

/* ---- Randomness: a hash of what a value belongs to; `draw` goes on from there ---- */

static uint64_t draw;

static uint64_t
mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
	z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
	return z ^ (z >> 31);
}

static uint64_t
next64(void)
{
	return mix(draw += 0x9E3779B97F4A7C15);
}

/* 0 to n - 1, all alike. */
static uint64_t
below(uint64_t n)
{
	return ((unsigned __int128) next64() * n) >> 64;
}

/* 0 to n - 1, the k-th about 1/k as often as the first. */
static uint64_t
skewed(uint64_t n)
{
	uint64_t	k = (uint64_t) exp((next64() >> 11) * 0x1p-53 * log((double) n + 1));

	return k > n ? n - 1 : k - 1;
}

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

static void
put(const char *text)
{
	end = stpcpy(end, text);
}

static void
put_number(int64_t value)
{
	char		digits[24];
	int			n = 0;
	uint64_t	rest = value < 0 ? -(uint64_t) value : (uint64_t) value;

	if (value < 0)
		*end++ = '-';
	do
		digits[n++] = '0' + rest % 10;
	while ((rest /= 10) > 0);
	while (n > 0)
		*end++ = digits[--n];
}

static void
put_two_digits(int value)
{
	*end++ = '0' + value / 10;
	*end++ = '0' + value % 10;
}

static void
put_day(int day)
{
	put("2013-07-");
	put_two_digits(day + 1);
}

/* Seconds since July began; past its end they stay in its last second. */
static void
put_time(int64_t second)
{
	if (second < 0)
		second = 0;
	if (second >= DAYS * 86400)
		second = DAYS * 86400 - 1;
	put_day(second / 86400);
	*end++ = ' ';
	put_two_digits(second / 3600 % 24);
	*end++ = ':';
	put_two_digits(second / 60 % 60);
	*end++ = ':';
	put_two_digits(second % 60);
}

/* ---- Texts ---- */

static const char *const latin[] = {
	"ba", "ko", "ri", "ne", "su", "ta", "li", "mo", "ve", "da", "po", "ga", "shi",
	"ru", "fe", "za", "lo", "ki", "ma", "te", "no", "vi", "pa", "du", "se"
};
static const char *const cyrillic[] = {
	"ба", "ко", "ри", "не", "су", "та", "ли", "мо", "ве", "да", "по", "га", "ши",
	"ру", "фе", "за", "ло", "ки", "ма", "те", "но", "ви", "па", "ду", "се"
};

/* The word of a number: the frequent ones are short. */
static void
put_word(const char *const *syllables, uint64_t number)
{
	number += LENGTH(latin);
	do
		put(syllables[number % LENGTH(latin)]);
	while ((number /= LENGTH(latin)) > 0);
}

static void
put_words(const char *const *syllables, int words, char separator)
{
	for (int i = 0; i < words; i++)
	{
		if (i > 0)
			*end++ = separator;
		put_word(syllables, skewed(30000));
	}
}

static void
put_phrase(uint64_t phrase)
{
	draw = mix(seed + phrase);
	put_words(cyrillic, 1 + below(5), ' ');
}

/* A page is its site's number and its own in there. */
static uint64_t
page_of(uint64_t site, uint64_t number)
{
	return site << 32 | number;
}

static void
put_host(uint64_t site)
{
	draw = mix(seed ^ site * 31);
	put(below(4) == 0 ? "https://" : "http://");
	put(below(5) == 0 ? "www." : "");
	put_words(latin, 2, '-');
	put(below(3) == 0 ? ".com" : ".ru");
}

static void
put_url(uint64_t page)
{
	put_host(page >> 32);
	draw = mix(page);
	*end++ = '/';
	put_words(latin, 1 + below(4), '/');
	if (below(2) == 0)
	{
		put("/?id=");
		put_number(below(100000000));
	}
	if (below(3) == 0)
	{
		put("&category=");
		put_words(latin, 1 + below(3), '_');
	}
	if (below(3000) == 0)
		put("&from=google");
}

/* Two pages share one. */
static void
put_title(uint64_t page)
{
	draw = mix(page >> 1) + 1;
	put_words(cyrillic, 3 + below(7), ' ');
	if (below(3000) == 0)
		put(" Google");
	put(" - ");
	draw = mix(page >> 32);
	put_words(cyrillic, 2, ' ');
}

/* ---- A hit ---- */

static struct
{
	uint64_t	number;
	uint64_t	site;
	uint64_t	user;
	uint64_t	visit;
	uint64_t	page;
	uint64_t	from;			/* the page of this site that led here, or none */
	int64_t		second;
	uint64_t	phrase;			/* what was searched for, or none */
} hit;

static int64_t rows;

/* Where the visit's first hit came from: nowhere, a search engine, another site. */
static uint64_t
source(void)
{
	draw = hit.visit;
	return below(10);
}

static void
put_referer(void)
{
	uint64_t	came_from = source();

	if (hit.from != 0)
		put_url(hit.from);
	else if (hit.phrase != 0 || came_from < 3)
	{
		put(below(4) == 0 ? "http://www.google.ru/search?q=" : "http://yandex.ru/yandsearch?text=");
		draw = mix(seed + hit.phrase);
		put_words(latin, 1 + below(5), '+');
	}
	else if (came_from < 7)
		put_url(page_of(31 * (1 + skewed(1000)), skewed(100)));
}

static const int widths[] = {1366, 1280, 1920, 1024, 1440, 1600, 1680, 1152, 1360, 800, 768, 320, 360, 720, 480, 2560};
static const int heights[] = {768, 1024, 1080, 800, 900, 1200, 1050, 864, 600, 720, 480, 640, 1280, 320, 1440};

/* ---- The columns ---- */

typedef enum Kind
{
	ONE,						/* always 1 */
	NUMBER,						/* 0, or from 1 on, skewed */
	SCATTERED,					/* 0, or any 32 bits, skewed */
	LONG,						/* 0, or any 64 bits, skewed */
	AMOUNT,						/* 0, or from 1 on, all alike */
	TEXT,						/* empty, or a word, skewed */
	CODE,						/* two letters, skewed */
	WATCH, TITLE, TIME, LOCAL_TIME, DAY, SITE_ID, USER_ID, URL, REFERER, WIDTH, HEIGHT, SOURCE, PHRASE, ENGINE, COLOR,
	URL_HASH, REFERER_HASH
} Kind;

typedef enum Owner
{
	HIT, VISIT, USER, PAGE, SITE, OWNERS
} Owner;

/* chance: of 10,000, to be neither 0 nor empty; different: how many different values there are beside that. */
static const struct Column
{
	const char *name;
	const char *type;
	Kind		kind;
	Owner		owner;
	int			chance;
	int64_t		different;
}			columns[] = {
	{"watch_id", "bigint", WATCH, HIT, 0, 0},
	{"java_enabled", "smallint", NUMBER, USER, 7500, 1},
	{"title", "text", TITLE, PAGE, 0, 0},
	{"good_event", "smallint", ONE, HIT, 0, 0},
	{"event_time", "timestamp", TIME, HIT, 0, 0},
	{"event_date", "date", DAY, HIT, 0, 0},
	{"counter_id", "integer", SITE_ID, SITE, 0, 0},
	{"client_ip", "integer", SCATTERED, USER, 10000, 1000000000},
	{"region_id", "integer", NUMBER, USER, 9900, 9000},
	{"user_id", "bigint", USER_ID, USER, 0, 0},
	{"counter_class", "smallint", NUMBER, SITE, 3000, 1},
	{"os", "smallint", NUMBER, USER, 9900, 80},
	{"user_agent", "smallint", NUMBER, USER, 9900, 80},
	{"url", "text", URL, PAGE, 0, 0},
	{"referer", "text", REFERER, HIT, 0, 0},
	{"is_refresh", "smallint", NUMBER, HIT, 800, 1},
	{"referer_category_id", "smallint", NUMBER, PAGE, 1200, 3000},
	{"referer_region_id", "integer", NUMBER, VISIT, 6000, 6000},
	{"url_category_id", "smallint", NUMBER, PAGE, 4000, 3000},
	{"url_region_id", "integer", NUMBER, PAGE, 5000, 5000},
	{"resolution_width", "smallint", WIDTH, USER, 0, 0},
	{"resolution_height", "smallint", HEIGHT, USER, 0, 0},
	{"resolution_depth", "smallint", NUMBER, USER, 9900, 8},
	{"flash_major", "smallint", NUMBER, USER, 8000, 12},
	{"flash_minor", "smallint", NUMBER, USER, 7000, 8},
	{"flash_minor2", "text", TEXT, USER, 7000, 1000},
	{"net_major", "smallint", NUMBER, USER, 3000, 4},
	{"net_minor", "smallint", NUMBER, USER, 2000, 2},
	{"user_agent_major", "smallint", NUMBER, USER, 9800, 70},
	{"user_agent_minor", "varchar(255)", CODE, USER, 9000, 300},
	{"cookie_enabled", "smallint", NUMBER, USER, 9990, 1},
	{"javascript_enabled", "smallint", NUMBER, USER, 9900, 1},
	{"is_mobile", "smallint", NUMBER, USER, 600, 1},
	{"mobile_phone", "smallint", NUMBER, USER, 600, 90},
	{"mobile_phone_model", "text", TEXT, USER, 500, 170},
	{"params", "text", TEXT, HIT, 400, 100000},
	{"ip_network_id", "integer", NUMBER, USER, 9000, 5000},
	{"traffic_source_id", "smallint", SOURCE, VISIT, 0, 0},
	{"search_engine_id", "smallint", ENGINE, VISIT, 0, 40},
	{"search_phrase", "text", PHRASE, HIT, 0, 0},
	{"adv_engine_id", "smallint", NUMBER, VISIT, 63, 18},
	{"is_artificial", "smallint", NUMBER, HIT, 1500, 1},
	{"window_client_width", "smallint", AMOUNT, USER, 9500, 1900},
	{"window_client_height", "smallint", AMOUNT, USER, 9500, 1000},
	{"client_time_zone", "smallint", NUMBER, USER, 9900, 30},
	{"client_event_time", "timestamp", LOCAL_TIME, USER, 0, 86400},
	{"silverlight_version1", "smallint", NUMBER, USER, 3500, 5},
	{"silverlight_version2", "smallint", NUMBER, USER, 3500, 2},
	{"silverlight_version3", "integer", SCATTERED, USER, 3500, 60},
	{"silverlight_version4", "smallint", NUMBER, USER, 500, 2},
	{"page_charset", "text", TEXT, SITE, 6000, 40},
	{"code_version", "integer", NUMBER, SITE, 10000, 800},
	{"is_link", "smallint", NUMBER, HIT, 700, 1},
	{"is_download", "smallint", NUMBER, HIT, 60, 1},
	{"is_not_bounce", "smallint", NUMBER, HIT, 1000, 1},
	{"first_visit_id", "bigint", LONG, USER, 4000, 1000000000},
	{"original_url", "text", TEXT, HIT, 900, 3000000},
	{"hit_number", "integer", SCATTERED, HIT, 10000, 1000000000},
	{"is_old_counter", "smallint", NUMBER, SITE, 1, 1},
	{"is_event", "smallint", NUMBER, HIT, 200, 1},
	{"is_parameter", "smallint", NUMBER, HIT, 10, 1},
	{"dont_count_hits", "smallint", NUMBER, HIT, 1100, 1},
	{"with_hash", "smallint", NUMBER, HIT, 500, 1},
	{"hit_color", "char(1)", COLOR, HIT, 0, 0},
	{"local_event_time", "timestamp", LOCAL_TIME, VISIT, 0, 7200},
	{"age", "smallint", NUMBER, USER, 4500, 60},
	{"sex", "smallint", NUMBER, USER, 4500, 2},
	{"income", "smallint", NUMBER, USER, 4500, 4},
	{"interests", "smallint", SCATTERED, USER, 4500, 1000},
	{"robotness", "smallint", NUMBER, VISIT, 300, 10},
	{"remote_ip", "integer", SCATTERED, USER, 10000, 1000000000},
	{"window_name", "integer", SCATTERED, VISIT, 3000, 100000},
	{"opener_name", "integer", SCATTERED, VISIT, 1000, 100000},
	{"history_length", "smallint", NUMBER, HIT, 6000, 100},
	{"browser_language", "text", CODE, USER, 9900, 20},
	{"browser_country", "text", CODE, USER, 9900, 60},
	{"social_network", "text", TEXT, HIT, 10, 8},
	{"social_action", "text", TEXT, HIT, 10, 4},
	{"http_error", "smallint", NUMBER, HIT, 5, 400},
	{"send_timing", "integer", NUMBER, HIT, 1500, 30000},
	{"dns_timing", "integer", NUMBER, HIT, 1500, 5000},
	{"connect_timing", "integer", NUMBER, HIT, 1500, 10000},
	{"response_start_timing", "integer", NUMBER, HIT, 3000, 30000},
	{"response_end_timing", "integer", NUMBER, HIT, 3000, 30000},
	{"fetch_timing", "integer", NUMBER, HIT, 3000, 30000},
	{"social_source_network_id", "smallint", NUMBER, VISIT, 150, 10},
	{"social_source_page", "text", TEXT, VISIT, 150, 10000},
	{"param_price", "bigint", NUMBER, HIT, 20, 100000},
	{"param_order_id", "text", TEXT, HIT, 20, 1000000},
	{"param_currency", "text", TEXT, SITE, 9900, 3},
	{"param_currency_id", "smallint", NUMBER, HIT, 20, 3},
	{"openstat_service_name", "text", TEXT, VISIT, 100, 30},
	{"openstat_campaign_id", "text", TEXT, VISIT, 100, 3000},
	{"openstat_ad_id", "text", TEXT, VISIT, 100, 10000},
	{"openstat_source_id", "text", TEXT, VISIT, 100, 1000},
	{"utm_source", "text", TEXT, VISIT, 300, 300},
	{"utm_medium", "text", TEXT, VISIT, 300, 40},
	{"utm_campaign", "text", TEXT, VISIT, 300, 3000},
	{"utm_content", "text", TEXT, VISIT, 150, 5000},
	{"utm_term", "text", TEXT, VISIT, 100, 20000},
	{"from_tag", "text", TEXT, VISIT, 200, 1000},
	{"has_gclid", "smallint", NUMBER, VISIT, 120, 1},
	{"referer_hash", "bigint", REFERER_HASH, HIT, 0, 0},
	{"url_hash", "bigint", URL_HASH, PAGE, 0, 0},
	{"clid", "integer", NUMBER, VISIT, 40, 1000},
};

static void
put_common(const struct Column *column)
{
	uint64_t	value;

	if (below(10000) >= (uint64_t) column->chance)
	{
		if (column->kind < TEXT)
			*end++ = '0';
		return;
	}
	switch (column->kind)
	{
		case NUMBER:
			put_number(1 + skewed(column->different));
			break;
		case AMOUNT:
			put_number(1 + below(column->different));
			break;
		case SCATTERED:
			value = mix(skewed(column->different));
			put_number(strcmp(column->type, "smallint") == 0 ? (int16_t) value : (int32_t) value);
			break;
		case LONG:
			put_number((int64_t) mix(skewed(column->different)));
			break;
		case TEXT:
			put_word(latin, skewed(column->different));
			break;
		default:
			for (uint64_t code = skewed(column->different), i = 0; i < 2; i++, code /= 26)
				*end++ = 'a' + code % 26;
			break;
	}
}

static void
put_column(const struct Column *column)
{
	switch (column->kind)
	{
		case ONE:
			*end++ = '1';
			break;
		case WATCH:
			put_number((int64_t) mix(hit.number));
			break;
		case TITLE:
			put_title(hit.page);
			break;
		case TIME:
			put_time(hit.second);
			break;
		case LOCAL_TIME:
			put_time(hit.second + (int64_t) below(column->different) - column->different / 2);
			break;
		case DAY:
			put_day(hit.second / 86400);
			break;
		case SITE_ID:
			put_number(hit.site);
			break;
		case USER_ID:
			put_number((int64_t) mix(hit.user + 1));
			break;
		case URL:
			put_url(hit.page);
			break;
		case REFERER:
			put_referer();
			break;
		case WIDTH:
			put_number(widths[skewed(LENGTH(widths))]);
			break;
		case HEIGHT:
			put_number(heights[skewed(LENGTH(heights))]);
			break;
		case SOURCE:
			put_number(hit.from != 0 ? 0 : source() < 2 ? 6 : (int64_t) source() - 3);
			break;
		case PHRASE:
			if (hit.phrase != 0)
				put_phrase(hit.phrase);
			break;
		case ENGINE:
			put_number(hit.phrase != 0 ? 1 + (int64_t) skewed(column->different) : 0);
			break;
		case COLOR:
			*end++ = "5EDWR"[skewed(5)];
			break;
		case URL_HASH:
			put_number((int64_t) mix(hit.page));
			break;
		case REFERER_HASH:
			put_number((int64_t) mix(hit.from != 0 ? hit.from : hit.phrase + source()));
			break;
		default:
			put_common(column);
			break;
	}
}

static void
put_hit(void)
{
	const uint64_t owners[OWNERS] = {[HIT] = hit.number, [VISIT] = hit.visit, [USER] = hit.user, [PAGE] = hit.page, [SITE] = hit.site};

	for (int i = 0; i < LENGTH(columns); i++)
	{
		draw = mix(mix(owners[columns[i].owner] + seed) + i);
		put_column(&columns[i]);
		*end++ = '\t';
	}
	end[-1] = '\n';
	if (end - out > (int) sizeof(out) - 16384)	/* no row is as long as that */
		flush();
}

/* ---- All hits ---- */

static void
put_site(uint64_t site, int64_t hits)
{
	int64_t		left = 0;

	for (int64_t i = 0; i < hits; i++)
	{
		int			day = i * DAYS / hits;

		draw = mix(hit.number ^ seed);
		if (left == 0 || hit.second / 86400 != day)
		{
			left = 1 + below(7);
			hit.visit = next64();
			hit.user = below(3) == 0 ? skewed(rows / 5 + 1) : below(rows / 5 + 1);
			hit.second = day * 86400 + below(86400);
			hit.phrase = below(3) == 0 ? 1 + (below(2) == 0 ? skewed(rows / 8 + 1) : below(rows / 8 + 1)) : 0;
			hit.from = 0;
		}
		else
		{
			hit.second += below(120);
			if (hit.second >= (day + 1) * 86400)
				hit.second = (day + 1) * 86400 - 1;
			hit.phrase = below(4) == 0 ? hit.phrase : 0;
			hit.from = hit.page;
		}
		left--;
		hit.site = site;
		hit.page = page_of(site, skewed(hits / 2 + 1));
		put_hit();
		hit.number++;
	}
}

static void
put_hits(void)
{
	int64_t		sites = 50 + rows / 15000;
	int64_t		done = 0;
	double		before = 0;
	double		all = 0;

	/* The order of sites by their number has nothing to do with that by their hits. */
#define WEIGHT(i) (1.0 / (3 + mix(i) % sites))
	for (int64_t i = 1; i <= sites; i++)
		all += i == 2 ? 0 : WEIGHT(i);
	for (int64_t i = 1; i <= sites; i++)
	{
		int64_t		until;

		before += i == 2 ? 0.0074 : WEIGHT(i) / all * (1 - 0.0074);
		until = i == sites ? rows : (int64_t) (before * rows);
		put_site(31 * i, until - done);
		done = until;
	}
}

int
main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "schema") == 0)
	{
		put("SET default_table_access_method = :am;\nCREATE TABLE hits (");
		for (int i = 0; i < LENGTH(columns); i++)
		{
			put(i == 0 ? "" : ", ");
			put(columns[i].name);
			put(" ");
			put(columns[i].type);
			put(" NOT NULL");
		}
		put(");\n");
	}
	else if ((argc == 3 || argc == 4) && strcmp(argv[1], "hits") == 0 && (rows = atoll(argv[2])) > 0)
	{
		if (argc == 4)
			seed = strtoull(argv[3], NULL, 10);
		put_hits();
	}
	else
	{
		fprintf(stderr, "usage: generate schema | generate hits ROWS [SEED]\n");
		return 2;
	}
	flush();
	return fflush(stdout) != 0;
}
