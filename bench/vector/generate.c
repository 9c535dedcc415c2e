/*
 * Vectors that lie as embeddings do: many clusters of very unequal sizes, each stretched along a few directions of its own.
 *
 *	generate rows ROWS DIMS				rows (id, bucket, embedding) as COPY ... (FORMAT binary) reads them
 *	generate queries ROWS DIMS QUERIES METRIC	queries, and for each the exact 10 nearest rows: all, and those with bucket < 1000, 100, 10
 *	generate more ROWS DIMS COUNT			rows that follow the first ROWS, in the file format of queries, without answers
 *
 * There are ROWS / 400 clusters (16 at least); the k-th has about 1/k of the first one's rows. A row is its cluster's centre and a deviation.
 * Along the j-th axis the variance of centres falls as 1/j, and that of a deviation too, but each cluster takes the axes in an order of its
 * own; deviations have half the variance that centres have. Clusters differ in radius by up to 2.5 times, and rows of a cluster from 0.7 up,
 * with a long tail. At last everything is turned by one rotation, so that no coordinate is special. `bucket` is 0 to 9,999, each as likely,
 * whatever the vector. Queries are drawn as rows are, and are none of them.
 *
 * Everything is a hash of SEED and the row's number: the same on every machine, in any part and order. Normal deviates are sums of four
 * uniform ones.
 */
#include <stdint.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define K 10
#define FILTERS 4
#define TURNS 2

typedef float Lanes __attribute__((vector_size(64), aligned(4)));

enum { WIDTH = sizeof(Lanes) / sizeof(float) };

static const int filters[FILTERS] = {10000, 1000, 100, 10};
static uint64_t seed = 20261122;
static int	dims;
static int	clusters;
static float *falloff;			/* standard deviation along the j-th axis; the squares' sum is 1 */
static float *centres;
static int *order[TURNS];
static float *sign[TURNS];

/* ---- Randomness ---- */

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

static void
start(uint64_t what, uint64_t number)
{
	draw = mix(mix(seed + what) ^ number);
}

static uint64_t
below(uint64_t n)
{
	return ((unsigned __int128) next64() * n) >> 64;
}

static float
uniform(void)
{
	return (float) (next64() >> 40) * 0x1p-24f;
}

/* Mean 0, variance 1. */
static float
normal(void)
{
	uint64_t	bits = next64();
	int			sum = (int) (bits & 0xFFFF) + (int) (bits >> 16 & 0xFFFF) + (int) (bits >> 32 & 0xFFFF) + (int) (bits >> 48);

	return (float) (sum - 2 * 0xFFFF) * (float) (1.7320508 / 0x10000);
}

static void *
make(size_t size)
{
	void	   *memory = aligned_alloc(64, (size + 63) / 64 * 64);

	if (memory == NULL)
	{
		fprintf(stderr, "generate: out of memory\n");
		exit(1);
	}
	return memory;
}

/* ---- The distribution ---- */

static void
prepare(long rows)
{
	float		total = 0;

	clusters = rows / 400 < 16 ? 16 : rows / 400;
	falloff = make(sizeof(float) * dims);
	for (int j = 0; j < dims; j++)
		total += 1.0f / (j + 1);
	for (int j = 0; j < dims; j++)
		falloff[j] = sqrtf(1.0f / (j + 1) / total);
	centres = make(sizeof(float) * dims * clusters);
	for (int c = 0; c < clusters; c++)
	{
		start(1, c);
		for (int j = 0; j < dims; j++)
			centres[(size_t) c * dims + j] = normal() * falloff[j];
	}
	start(2, 0);
	for (int t = 0; t < TURNS; t++)
	{
		order[t] = make(sizeof(int) * dims);
		sign[t] = make(sizeof(float) * dims);
		for (int j = 0; j < dims; j++)
		{
			int			other = below(j + 1);

			order[t][j] = order[t][other];
			order[t][other] = j;
			sign[t][j] = below(2) ? 1 : -1;
		}
	}
}

/* Axes are shuffled, some reversed, then blocks turned by Hadamard's matrix; twice. */
static void
turn(float *vector)
{
	float		shuffled[dims];
	int			block = dims & -dims;

	for (int t = 0; t < TURNS; t++)
	{
		for (int j = 0; j < dims; j++)
			shuffled[j] = vector[order[t][j]] * sign[t][j];
		for (int half = 1; half < block; half *= 2)
			for (int from = 0; from < dims; from += 2 * half)
				for (int j = from; j < from + half; j++)
				{
					float		a = shuffled[j];
					float		b = shuffled[j + half];

					shuffled[j] = a + b;
					shuffled[j + half] = a - b;
				}
		for (int j = 0; j < dims; j++)
			vector[j] = shuffled[j] / sqrtf(block);
	}
}

/* Row number `row`; returns its bucket. */
static int
make_row(uint64_t row, float *vector)
{
	/* Prime, and no divisors of usual dimensions, so that each axis is met once. */
	static const int steps[8] = {211, 223, 227, 229, 233, 239, 241, 251};
	int			cluster;
	int			bucket;
	int			first;
	int			step;
	float		radius;

	start(3, row);
	bucket = below(10000);
	/* As often as 1/k: the distribution of logarithms is even. */
	cluster = (int) exp((double) (next64() >> 11) * 0x1p-53 * log((double) clusters + 1)) - 1;
	if (cluster >= clusters)
		cluster = clusters - 1;
	first = mix(seed + ((uint64_t) cluster << 32 | 4)) % dims;
	step = steps[mix(seed + ((uint64_t) cluster << 32 | 6)) % 8];
	radius = 0.4f + 0.6f * (float) (mix(seed + ((uint64_t) cluster << 32 | 5)) % 1000) / 999;
	/* One row in a hundred has 2.2 and more. */
	radius *= 0.7f / sqrtf(sqrtf(1 - 0.999f * uniform()));
	for (int j = 0; j < dims; j++)
	{
		int			axis = (first + j * step) % dims;

		vector[j] = centres[(size_t) cluster * dims + j] + radius * normal() * falloff[axis];
	}
	turn(vector);
	return bucket;
}

/* ---- Output ---- */

static void
put(const void *bytes, size_t size)
{
	if (fwrite(bytes, 1, size, stdout) != size)
	{
		perror("generate: cannot write");
		exit(1);
	}
}

static void
put16(int value)
{
	uint16_t	swapped = __builtin_bswap16((uint16_t) value);

	put(&swapped, 2);
}

static void
put32(uint32_t value)
{
	value = __builtin_bswap32(value);
	put(&value, 4);
}

static void
write_rows(long rows)
{
	float	   *vector = make(sizeof(float) * dims);
	uint32_t   *swapped = make(sizeof(float) * dims);

	put("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19);
	for (long row = 0; row < rows; row++)
	{
		int			bucket = make_row(row, vector);

		put16(3);
		put32(4);
		put32(row);
		put32(4);
		put32(bucket);
		put32(4 + 4 * dims);
		put16(dims);
		put16(0);
		memcpy(swapped, vector, sizeof(float) * dims);
		for (int j = 0; j < dims; j++)
			swapped[j] = __builtin_bswap32(swapped[j]);
		put(swapped, sizeof(float) * dims);
	}
	put16(-1);
}

/* dims, count, answers (0 or FILTERS * K), then count vectors, then count * answers row numbers; all as the machine has them. */
static void
write_head(int count, int answers)
{
	int32_t		head[3] = {dims, count, answers};

	put(head, sizeof(head));
}

/* ---- Exact neighbours ---- */

typedef struct Neighbours
{
	float		distance[K];
	int32_t		row[K];
} Neighbours;

static float
inner_product(const float *a, const float *b)
{
	Lanes		sums[2] = {{0}, {0}};
	float		sum = 0;
	int			j = 0;

	for (; j + 2 * WIDTH <= dims; j += 2 * WIDTH)
	{
		sums[0] += *(const Lanes *) (a + j) * *(const Lanes *) (b + j);
		sums[1] += *(const Lanes *) (a + j + WIDTH) * *(const Lanes *) (b + j + WIDTH);
	}
	sums[0] += sums[1];
	for (int i = 0; i < WIDTH; i++)
		sum += sums[0][i];
	for (; j < dims; j++)
		sum += a[j] * b[j];
	return sum;
}

static float
squared_distance(const float *a, const float *b)
{
	Lanes		sum = {0};
	float		result = 0;
	int			j = 0;

	for (; j + WIDTH <= dims; j += WIDTH)
	{
		Lanes		difference = *(const Lanes *) (a + j) - *(const Lanes *) (b + j);

		sum += difference * difference;
	}
	for (int i = 0; i < WIDTH; i++)
		result += sum[i];
	for (; j < dims; j++)
		result += (a[j] - b[j]) * (a[j] - b[j]);
	return result;
}

static void
offer(Neighbours *best, float distance, int32_t row)
{
	int			i = K - 1;

	if (distance >= best->distance[i])
		return;
	for (; i > 0 && best->distance[i - 1] > distance; i--)
	{
		best->distance[i] = best->distance[i - 1];
		best->row[i] = best->row[i - 1];
	}
	best->distance[i] = distance;
	best->row[i] = row;
}

static void
write_queries(long rows, int count, const char *metric)
{
	enum { BLOCK = 64 };
	float	   *queries = make(sizeof(float) * dims * count);
	float	   *block = make(sizeof(float) * dims * BLOCK);
	int			buckets[BLOCK];
	float		lengths[BLOCK];
	Neighbours *best = make(sizeof(Neighbours) * FILTERS * count);

	for (int i = 0; i < FILTERS * count; i++)
		for (int k = 0; k < K; k++)
		{
			best[i].distance[k] = INFINITY;
			best[i].row[k] = -1;
		}
	/* Numbers that no row has. */
	for (int q = 0; q < count; q++)
		make_row((UINT64_C(1) << 40) + q, queries + (size_t) q * dims);
	for (long first = 0; first < rows; first += BLOCK)
	{
		int			n = rows - first < BLOCK ? rows - first : BLOCK;

		for (int i = 0; i < n; i++)
		{
			buckets[i] = make_row(first + i, block + (size_t) i * dims);
			lengths[i] = sqrtf(inner_product(block + (size_t) i * dims, block + (size_t) i * dims));
		}
		for (int q = 0; q < count; q++)
			for (int i = 0; i < n; i++)
			{
				const float *a = queries + (size_t) q * dims;
				const float *b = block + (size_t) i * dims;
				float		distance = *metric == 'l' ? squared_distance(a, b) :
					*metric == 'i' ? -inner_product(a, b) : -inner_product(a, b) / lengths[i];

				for (int f = 0; f < FILTERS; f++)
					if (buckets[i] < filters[f])
						offer(&best[q * FILTERS + f], distance, first + i);
			}
	}
	write_head(count, FILTERS * K);
	put(queries, sizeof(float) * dims * count);
	for (int i = 0; i < FILTERS * count; i++)
		put(best[i].row, sizeof(best[i].row));
}

static void
write_more(long rows, int count)
{
	float	   *vector = make(sizeof(float) * dims);

	write_head(count, 0);
	for (int i = 0; i < count; i++)
	{
		make_row(rows + i, vector);
		put(vector, sizeof(float) * dims);
	}
}

int
main(int argc, char **argv)
{
	long		rows = argc > 3 ? atol(argv[2]) : 0;
	int			count = argc > 4 ? atoi(argv[4]) : 0;

	dims = argc > 3 ? atoi(argv[3]) : 0;
	if (rows < 1 || rows > INT32_MAX || dims < 1 || dims > 16000 || count < 0)
	{
		fprintf(stderr, "usage: generate rows ROWS DIMS | queries ROWS DIMS QUERIES l2|ip|cosine | more ROWS DIMS COUNT\n");
		return 2;
	}
	prepare(rows);
	if (strcmp(argv[1], "rows") == 0)
		write_rows(rows);
	else if (strcmp(argv[1], "queries") == 0 && argc > 5)
		write_queries(rows, count, argv[5]);
	else if (strcmp(argv[1], "more") == 0)
		write_more(rows, count);
	else
		return 2;
	return fflush(stdout) != 0;
}
