/*
 * The managed library as a file and a process's state: which build, from where. For info.c and tests.
 */
#ifndef PGE_RUNTIME_H
#define PGE_RUNTIME_H

#include "pge.h"

/* The best build that this CPU and kernel can run, or PGE_INSTRUCTION_SET_AUTO when there is none. */
extern PgeInstructionSet pge_best_instruction_set(void);

#endif							/* PGE_RUNTIME_H */
