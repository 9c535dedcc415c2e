/*
 * Continuous aggregates: options in WITH and SET.
 */
#ifndef PGE_CONTINUOUS_WITH_H
#define PGE_CONTINUOUS_WITH_H

#include "continuous.h"

typedef struct PgeContinuousWith
{
	bool		continuous;
	bool		materialized_only;
	bool		materialized_only_given;
	bool		create_group_indexes;
	List	   *of_data;		/* options of the table that has the rows */
} PgeContinuousWith;

extern bool pge_continuous_option(const DefElem *option);
extern bool pge_continuous_wanted(List *options);
extern void pge_continuous_with(List *options, PgeContinuousWith *with);
extern void pge_continuous_alter_data(const PgeContinuous *aggregate, List *options, bool reset);

#endif							/* PGE_CONTINUOUS_WITH_H */
