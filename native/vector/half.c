/*
 * Halves to floats and back, many at once: by F16C where the processor has it, else one by one as half.h does it. Both give the same
 * values; of NaNs, which no stored vector has, the payload may differ.
 */
#include "postgres.h"

#include <immintrin.h>

#include "half.h"

/* Eight values at once, as many as a register has floats. */
#define LANES 8
#define F16C __attribute__((target("avx,f16c")))

typedef struct Kernels
{
	void		(*widen) (const half *from, float *to, int count);
	bool		(*narrow) (const float *from, half *to, int count);
	bool		(*divide) (const half *from, double by, half *to, int count);
} Kernels;

static inline bool
is_infinite(half value)
{
	return (value & HALF_INFINITY) == HALF_INFINITY;
}

/* ---- one by one ---- */

static void
widen_each(const half *from, float *to, int count)
{
	for (int i = 0; i < count; i++)
		to[i] = half_to_float(from[i]);
}

static bool
narrow_each(const float *from, half *to, int count)
{
	bool		infinite = false;

	for (int i = 0; i < count; i++)
	{
		to[i] = float_to_half(from[i]);
		infinite |= is_infinite(to[i]);
	}
	return infinite;
}

static bool
divide_each(const half *from, double by, half *to, int count)
{
	bool		infinite = false;

	for (int i = 0; i < count; i++)
	{
		to[i] = float_to_half((float) (half_to_float(from[i]) / by));
		infinite |= is_infinite(to[i]);
	}
	return infinite;
}

static const Kernels each = {widen_each, narrow_each, divide_each};

/* ---- F16C ---- */

static F16C void
widen_f16c(const half *from, float *to, int count)
{
	int			i = 0;

	for (; i <= count - LANES; i += LANES)
		_mm256_storeu_ps(to + i, _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *) (from + i))));
	widen_each(from + i, to + i, count - i);
}

/* Stores halves; a lane of what comes back is all ones where one is infinite. */
static inline F16C __m128i
store_halves(half *to, __m256 floats)
{
	__m128i		infinity = _mm_set1_epi16(HALF_INFINITY);
	__m128i		halves = _mm256_cvtps_ph(floats, _MM_FROUND_TO_NEAREST_INT);

	_mm_storeu_si128((__m128i *) to, halves);
	return _mm_cmpeq_epi16(_mm_and_si128(halves, infinity), infinity);
}

static F16C bool
narrow_f16c(const float *from, half *to, int count)
{
	__m128i		infinite = _mm_setzero_si128();
	int			i = 0;

	for (; i <= count - LANES; i += LANES)
		infinite = _mm_or_si128(infinite, store_halves(to + i, _mm256_loadu_ps(from + i)));
	return narrow_each(from + i, to + i, count - i) || _mm_movemask_epi8(infinite) != 0;
}

static F16C bool
divide_f16c(const half *from, double by, half *to, int count)
{
	__m128i		infinite = _mm_setzero_si128();
	__m256d		divisor = _mm256_set1_pd(by);
	int			i = 0;

	for (; i <= count - LANES; i += LANES)
	{
		__m256		floats = _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *) (from + i)));
		__m128		low = _mm256_cvtpd_ps(_mm256_div_pd(_mm256_cvtps_pd(_mm256_castps256_ps128(floats)), divisor));
		__m128		high = _mm256_cvtpd_ps(_mm256_div_pd(_mm256_cvtps_pd(_mm256_extractf128_ps(floats, 1)), divisor));

		infinite = _mm_or_si128(infinite, store_halves(to + i, _mm256_set_m128(high, low)));
	}
	return divide_each(from + i, by, to + i, count - i) || _mm_movemask_epi8(infinite) != 0;
}

static const Kernels f16c = {widen_f16c, narrow_f16c, divide_f16c};

/* ---- what this processor has ---- */

static const Kernels *chosen;

static inline const Kernels *
kernels(void)
{
	if (unlikely(chosen == NULL))
		chosen = __builtin_cpu_supports("avx") && __builtin_cpu_supports("f16c") ? &f16c : &each;
	return chosen;
}

void
pge_halves_to_floats(const half *from, float *to, int count)
{
	kernels()->widen(from, to, count);
}

bool
pge_floats_to_halves(const float *from, half *to, int count)
{
	return kernels()->narrow(from, to, count);
}

bool
pge_halves_divide(const half *from, double by, half *to, int count)
{
	return kernels()->divide(from, by, to, count);
}
