/*
 * Table options: WITH (epiphany.name = value).
 *
 * They live in a security label of provider "epiphany" on the table, so that pg_dump carries them and DROP and RENAME need nothing.
 * The label's text is `name=value, name=value`, sorted by name, values in the one spelling that pge_option_values_format() gives.
 */
#ifndef PGE_OPTIONS_H
#define PGE_OPTIONS_H

#include "nodes/pg_list.h"
#include "utils/rel.h"

/* Our table access methods, as bits. */
typedef enum PgeAm
{
	PGE_AM_NONE = 0,
	PGE_AM_ROW = 1,
	PGE_AM_COLUMN = 2,
	PGE_AM_TIME = 4,			/* beside PGE_AM_COLUMN: its tables have a time column */
} PgeAm;

/* What a table's options come to: given ones and defaults. */
typedef struct PgeTableOptions
{
	/* Bit i: option i of options.def is given. */
	uint32		given;
#define PGE_OPTION_ENUM(name, ...) int name;
#define PGE_OPTION_INT(name, ...) int name;
#define PGE_OPTION_TEXT(name, ...) const char *name;
#include "options.def"
#undef PGE_OPTION_ENUM
#undef PGE_OPTION_INT
#undef PGE_OPTION_TEXT
} PgeTableOptions;

/*
 * A table's options. Reads the catalog where the session does not know them yet; not for critical sections. The result may change at the
 * next cache invalidation but its memory stays, so look again per statement and hold nothing longer than that. The copy that a table
 * rewrite fills has the options of the table that it will replace.
 */
extern const PgeTableOptions *pge_table_options(Relation rel);

/* From _PG_init: hooks, label provider, invalidation. */
extern void pge_options_init(void);

/* ---- Between the files of this layer ---- */

typedef enum PgeOptionId
{
#define PGE_OPTION_ENUM(name, ...) PGE_OPTION_##name,
#define PGE_OPTION_INT(name, ...) PGE_OPTION_##name,
#define PGE_OPTION_TEXT(name, ...) PGE_OPTION_##name,
#include "options.def"
#undef PGE_OPTION_ENUM
#undef PGE_OPTION_INT
#undef PGE_OPTION_TEXT
	PGE_OPTION_COUNT
} PgeOptionId;

/* Options as given: each one's value in its one spelling, or NULL. */
typedef struct PgeOptionValues
{
	const char *of[PGE_OPTION_COUNT];
} PgeOptionValues;

typedef struct PgeOption
{
	const char *name;			/* without "epiphany." */
	const char *description;
	int			access_methods; /* PgeAm bits */
	int			initial;
	int			least;
	int			greatest;
	const char *const *values;	/* an enum's texts by number, else NULL */
	const char *initial_text;	/* a text's, or NULL */
	char	   *(*spell) (const char *text);	/* a text's: its one spelling, NULL where it is invalid */
	const char *valid;			/* a text's: what is valid */
	size_t		offset;			/* in PgeTableOptions */
} PgeOption;

extern const PgeOption pge_options[PGE_OPTION_COUNT];

/* options.c: names, values, labels; no catalog but pg_am and pg_proc. */
extern PgeAm pge_am_of(Oid access_method);
extern PgeOptionId pge_option_find(const char *name);
extern const char *pge_option_value(PgeOptionId id, const char *text);
extern const char *pge_option_show(PgeOptionId id, const PgeTableOptions *options);
extern void pge_option_check_applies(PgeOptionId id, Oid access_method);
extern void pge_option_values_parse(const char *label, PgeOptionValues *values);
extern char *pge_option_values_format(const PgeOptionValues *values);
extern void pge_option_values_apply(const PgeOptionValues *values, PgeTableOptions *options);

/* options_label.c: where they are stored, and what the session remembers of that. */
extern void pge_options_label_init(void);
extern void pge_options_read(Oid table, PgeOptionValues *values);
extern void pge_options_write_new(Oid table, const PgeOptionValues *values);
extern void pge_options_write(Oid table, const PgeOptionValues *values);

/* options_text.c: texts in their one spelling, palloc'd. */
extern char *pge_spell_chunk_interval(const char *text);
extern char *pge_spell_segment_by(const char *text);
extern char *pge_spell_time_column(const char *text);
extern const char *pge_option_text_keep(const char *text);
extern char *pge_option_text_escape(const char *text);
extern char *pge_option_text_unescape(const char *text);

/* options_time.c: the columns that options of time series name. */
extern void pge_time_options_check(Oid table, Oid access_method, bool must_have, PgeOptionValues *values);
extern void pge_time_options_altered(Oid table, AttrNumber attno);
extern void pge_time_options_dropped(Oid table, AttrNumber attno);

/* options_peer.c: TimescaleDB's options, as ours. */
typedef struct PgePeerOptions
{
	bool		hypertable;		/* the new table is to be USING epiphany_timeseries */
	bool		columnstore;	/* the table must be column storage */
} PgePeerOptions;

extern bool pge_peer_option(const struct DefElem *definition);
extern bool pge_peer_option_of_table(const char *name);
extern List *pge_peer_options_translate(List *definitions, bool is_reset, PgePeerOptions *peer);

/* options_ddl.c: the statements that set them. */
extern void pge_options_ddl_init(void);

#endif							/* PGE_OPTIONS_H */
