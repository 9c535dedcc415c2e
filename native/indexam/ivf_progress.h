/*
 * epiphany_ivf: phases of a build, as pg_stat_progress_create_index shows them.
 */
#ifndef PGE_IVF_PROGRESS_H
#define PGE_IVF_PROGRESS_H

#include "ivf.h"

#define IVF_PHASE_SAMPLE 2		/* 1 is PostgreSQL's */
#define IVF_PHASE_TRAIN 3
#define IVF_PHASE_ENCODE 4
#define IVF_PHASE_WRITE 5

#endif							/* PGE_IVF_PROGRESS_H */
