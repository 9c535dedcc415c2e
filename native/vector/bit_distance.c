/*
 * bit: distances. Bits past the last are zero in PostgreSQL's bit strings, so whole bytes are compared.
 *
 * Counting the bits of a usual string takes less than a call into the managed library, so rows are compared here; indexes, which compare
 * many strings a call, have the managed library's kernels.
 */
#include "postgres.h"

#include <immintrin.h>

#include "utils/varbit.h"

#include "vector.h"

typedef double (*Kernel) (const bits8 *a, const bits8 *b, int bytes);

#define COUNT(word) ((uint64) __builtin_popcountll(word))

static inline uint64
load(const bits8 *from, int bytes)
{
	uint64		word = 0;

	memcpy(&word, from, Min(bytes, (int) sizeof(word)));
	return word;
}

/* One less the share of common ones among all; 1 where none is common. */
static inline double
jaccard(uint64 both, uint64 all)
{
	return both == 0 ? 1 : 1 - (double) both / all;
}

static pg_attribute_always_inline double
hamming_words(const bits8 *a, const bits8 *b, int bytes)
{
	uint64		differ = 0;
	int			i = 0;

	for (; i <= bytes - 8; i += 8)
		differ += COUNT(load(a + i, 8) ^ load(b + i, 8));
	if (i < bytes)
		differ += COUNT(load(a + i, bytes - i) ^ load(b + i, bytes - i));
	return differ;
}

static pg_attribute_always_inline double
jaccard_words(const bits8 *a, const bits8 *b, int bytes)
{
	uint64		both = 0;
	uint64		all = 0;

	for (int i = 0; i < bytes; i += 8)
	{
		uint64		x = load(a + i, bytes - i);
		uint64		y = load(b + i, bytes - i);

		both += COUNT(x & y);
		all += COUNT(x | y);
	}
	return jaccard(both, all);
}

static double
hamming_anywhere(const bits8 *a, const bits8 *b, int bytes)
{
	return hamming_words(a, b, bytes);
}

static double
jaccard_anywhere(const bits8 *a, const bits8 *b, int bytes)
{
	return jaccard_words(a, b, bytes);
}

static __attribute__((target("popcnt"))) double
hamming_popcnt(const bits8 *a, const bits8 *b, int bytes)
{
	return hamming_words(a, b, bytes);
}

static __attribute__((target("popcnt"))) double
jaccard_popcnt(const bits8 *a, const bits8 *b, int bytes)
{
	return jaccard_words(a, b, bytes);
}

/* 64 bytes at once, where there are as many; what lies past the end is not read. */
#define VPOPCNT __attribute__((target("avx512f,avx512bw,avx512vpopcntdq")))

static inline VPOPCNT __m512i
load_512(const bits8 *from, int bytes)
{
	return _mm512_maskz_loadu_epi8(bytes >= 64 ? ~UINT64CONST(0) : (UINT64CONST(1) << bytes) - 1, from);
}

static VPOPCNT double
hamming_512(const bits8 *a, const bits8 *b, int bytes)
{
	__m512i		differ = _mm512_setzero_si512();

	if (bytes < 64)
		return hamming_words(a, b, bytes);
	for (int i = 0; i < bytes; i += 64)
		differ = _mm512_add_epi64(differ, _mm512_popcnt_epi64(_mm512_xor_si512(load_512(a + i, bytes - i), load_512(b + i, bytes - i))));
	return _mm512_reduce_add_epi64(differ);
}

static VPOPCNT double
jaccard_512(const bits8 *a, const bits8 *b, int bytes)
{
	__m512i		both = _mm512_setzero_si512();
	__m512i		all = _mm512_setzero_si512();

	if (bytes < 64)
		return jaccard_words(a, b, bytes);
	for (int i = 0; i < bytes; i += 64)
	{
		__m512i		x = load_512(a + i, bytes - i);
		__m512i		y = load_512(b + i, bytes - i);

		both = _mm512_add_epi64(both, _mm512_popcnt_epi64(_mm512_and_si512(x, y)));
		all = _mm512_add_epi64(all, _mm512_popcnt_epi64(_mm512_or_si512(x, y)));
	}
	return jaccard(_mm512_reduce_add_epi64(both), _mm512_reduce_add_epi64(all));
}

/* What this processor has, from the first call on. */
static double hamming_chosen(const bits8 *a, const bits8 *b, int bytes);
static double jaccard_chosen(const bits8 *a, const bits8 *b, int bytes);
static Kernel hamming_kernel = hamming_chosen;
static Kernel jaccard_kernel = jaccard_chosen;

static void
choose(void)
{
	if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vpopcntdq"))
	{
		hamming_kernel = hamming_512;
		jaccard_kernel = jaccard_512;
	}
	else if (__builtin_cpu_supports("popcnt"))
	{
		hamming_kernel = hamming_popcnt;
		jaccard_kernel = jaccard_popcnt;
	}
	else
	{
		hamming_kernel = hamming_anywhere;
		jaccard_kernel = jaccard_anywhere;
	}
}

static double
hamming_chosen(const bits8 *a, const bits8 *b, int bytes)
{
	choose();
	return hamming_kernel(a, b, bytes);
}

static double
jaccard_chosen(const bits8 *a, const bits8 *b, int bytes)
{
	choose();
	return jaccard_kernel(a, b, bytes);
}

static pg_attribute_always_inline Datum
measure(FunctionCallInfo fcinfo, Kernel kernel)
{
	VarBit	   *a = pge_plain(PG_GETARG_DATUM(0));
	VarBit	   *b = pge_plain(PG_GETARG_DATUM(1));
	double		result;

	pge_bit_check_same_length(VARBITLEN(a), VARBITLEN(b));
	result = kernel(VARBITS(a), VARBITS(b), VARBITBYTES(a));
	PG_FREE_IF_COPY(a, 0);
	PG_FREE_IF_COPY(b, 1);
	PG_RETURN_FLOAT8(result);
}

PG_FUNCTION_INFO_V1(pge_bit_hamming_distance);
Datum
pge_bit_hamming_distance(PG_FUNCTION_ARGS)
{
	return measure(fcinfo, hamming_kernel);
}

PG_FUNCTION_INFO_V1(pge_bit_jaccard_distance);
Datum
pge_bit_jaccard_distance(PG_FUNCTION_ARGS)
{
	return measure(fcinfo, jaccard_kernel);
}
