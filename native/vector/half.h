/*
 * Halves (IEEE 754 binary16) to floats and back: value by value for text and comparison, many at once (half.c) for casts. Distances are
 * computed by the managed library's kernels, which have the same conversions for whole registers.
 */
#ifndef PGE_HALF_H
#define PGE_HALF_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

typedef uint16_t half;

/* The smallest float that would round to infinity. */
#define HALF_OVERFLOW 65520.0f

#define HALF_INFINITY 0x7C00

static inline float
float_of_bits(uint32_t bits)
{
	float		value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

static inline uint32_t
bits_of_float(float value)
{
	uint32_t	bits;

	memcpy(&bits, &value, sizeof(bits));
	return bits;
}

/*
 * Moved to a float's places, exponent and mantissa mean the value divided by 2^112, the difference between the biases.
 */
static inline float
half_to_float(half value)
{
	uint32_t	magnitude = value & 0x7FFF;
	uint32_t	bits = bits_of_float(float_of_bits(magnitude << 13) * 0x1p112f);

	if (magnitude >= HALF_INFINITY)
		bits |= 0x7F800000;
	return float_of_bits(bits | (uint32_t) (value & 0x8000) << 16);
}

/* To the nearest, ties to even; past the range to infinity. */
static inline half
float_to_half(float value)
{
	uint32_t	bits = bits_of_float(value);
	uint32_t	magnitude = bits & 0x7FFFFFFF;
	half		sign = (bits >> 16) & 0x8000;

	if (magnitude > 0x7F800000)
		return sign | 0x7E00 | (magnitude >> 13 & 0x1FF);
	if (magnitude >= bits_of_float(HALF_OVERFLOW))
		return sign | HALF_INFINITY;
	/* Subnormal: the last bit of 0.5 is a half's smallest, so the addition rounds. */
	if (magnitude < bits_of_float(0x1p-14f))
		return sign | (bits_of_float(float_of_bits(magnitude) + 0.5f) - bits_of_float(0.5f));
	/* Normal: round on the bits, with the other bias. */
	return sign | ((magnitude - (112u << 23) + 0xFFF + (magnitude >> 13 & 1)) >> 13);
}

/* Many. True: some halves came out as infinite. */
extern void pge_halves_to_floats(const half *from, float *to, int count);
extern bool pge_floats_to_halves(const float *from, half *to, int count);
extern bool pge_halves_divide(const half *from, double by, half *to, int count);

#endif							/* PGE_HALF_H */
