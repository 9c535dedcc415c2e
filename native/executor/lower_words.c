/*
 * Executor, lowering: the words themselves.
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_opfamily.h"
#include "nodes/nodeFuncs.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/pg_locale.h"

#include "lower.h"

void
pge_word(PgeLowering *lowering, i64 word)
{
	PgeLowered *out = lowering->out;

	if (out->nwords == lowering->word_capacity)
	{
		lowering->word_capacity *= 2;
		out->words = repalloc_array(out->words, i64, lowering->word_capacity);
	}
	out->words[out->nwords++] = word;
}

void
pge_word_double(PgeLowering *lowering, double value)
{
	i64			word;

	memcpy(&word, &value, sizeof(word));
	pge_word(lowering, word);
}

void
pge_words_type(PgeLowering *lowering, Oid type, int32 typmod, Oid collation)
{
	int16		length = 0;
	bool		by_value = false;

	/* A dropped column has no type; a domain's values are its base type's. */
	if (OidIsValid(type))
	{
		type = getBaseType(type);
		get_typlenbyval(type, &length, &by_value);
	}
	pge_word(lowering, type);
	pge_word(lowering, typmod);
	pge_word(lowering, collation);
	pge_word(lowering, length);
	pge_word(lowering, by_value);
}

void
pge_words_type_of(PgeLowering *lowering, const void *expr)
{
	pge_words_type(lowering, exprType(expr), exprTypmod(expr), exprCollation(expr));
}

/* Where strings are ordered by their bytes (and whoever asks goes by their order only), "C" stands for all such collations. */
void
pge_word_collation(PgeLowering *lowering, bool by_order, Oid collation)
{
	pge_word(lowering, by_order && OidIsValid(collation) && lc_collate_is_c(collation) ? C_COLLATION_OID : collation);
}

/* An equality function and its collation: strings are equal under all deterministic ones if they are under "C". */
void
pge_words_equality(PgeLowering *lowering, Oid equality, Oid collation)
{
	bool		is_string = equality == F_TEXTEQ || equality == F_BPCHAREQ;

	pge_word(lowering, equality);
	pge_word(lowering, is_string && OidIsValid(collation) && get_collation_isdeterministic(collation) ? C_COLLATION_OID : collation);
}

/* The list of a node's keys, where a column of its child's is a place in map. */
void
pge_words_keys(PgeLowering *lowering, const int *map, int nkeys, const AttrNumber *columns, const Oid *operators, const Oid *collations)
{
	pge_word(lowering, nkeys);
	for (int i = 0; i < nkeys; i++)
	{
		pge_word(lowering, map[columns[i] - 1]);
		pge_words_equality(lowering, get_opcode(operators[i]), collations[i]);
	}
}

void
pge_words_order(PgeLowering *lowering, int column, Oid ordering_operator, Oid collation, bool nulls_first)
{
	Oid			family;
	Oid			type;
	int16		strategy;

	if (!get_ordering_op_properties(ordering_operator, &family, &type, &strategy))
		elog(ERROR, "operator %u is not a valid ordering operator", ordering_operator);
	pge_word(lowering, column);
	pge_word(lowering, ordering_operator);
	pge_word_collation(lowering, family == TEXT_BTREE_FAM_OID || family == BPCHAR_BTREE_FAM_OID, collation);
	pge_word(lowering, strategy == BTGreaterStrategyNumber);
	pge_word(lowering, nulls_first);
}
