/*
 * epiphany_row: heap under our name.
 */
#ifndef PGE_ROW_H
#define PGE_ROW_H

#include "access/tableam.h"

extern const TableAmRoutine *pge_row_routine(void);

#endif							/* PGE_ROW_H */
