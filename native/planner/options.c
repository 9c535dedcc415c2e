/*
 * Table options: what there is, what a value may be, and how options are written down.
 *
 * Promise: every value that leaves here is valid and in its one spelling. Knows neither statements nor where options are stored.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_am.h"
#include "catalog/pg_language_d.h"
#include "catalog/pg_proc.h"
#include "commands/defrem.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/syscache.h"

#include "options.h"
#include "pge_abi.h"

#define PGE_OPTION_ENUM(name, ams, initial, description, ...) static const char *const name##_values[] = {__VA_ARGS__};
#define PGE_OPTION_INT(...)
#define PGE_OPTION_TEXT(...)
#include "options.def"
#undef PGE_OPTION_ENUM
#undef PGE_OPTION_INT
#undef PGE_OPTION_TEXT

const PgeOption pge_options[PGE_OPTION_COUNT] = {
#define PGE_OPTION_ENUM(name, ams, initial, description, ...) \
	{#name, description, ams, initial, 0, lengthof(name##_values) - 1, name##_values, NULL, NULL, NULL, offsetof(PgeTableOptions, name)},
#define PGE_OPTION_INT(name, ams, initial, least, greatest, description) \
	{#name, description, ams, initial, least, greatest, NULL, NULL, NULL, NULL, offsetof(PgeTableOptions, name)},
#define PGE_OPTION_TEXT(name, ams, initial, spell, valid, description) \
	{#name, description, ams, 0, 0, 0, NULL, initial, spell, valid, offsetof(PgeTableOptions, name)},
#include "options.def"
#undef PGE_OPTION_ENUM
#undef PGE_OPTION_INT
#undef PGE_OPTION_TEXT
};

StaticAssertDecl(PGE_OPTION_COUNT <= 32, "PgeTableOptions.given has a bit for each option");

/*
 * Which access method of ours this is, by the C function behind its handler: a name could be anyone's, and another access method
 * made with our handler is as good as ours.
 */
PgeAm
pge_am_of(Oid access_method)
{
	static const struct
	{
		const char *symbol;
		int			am;
	}			handlers[] = {
		{"pge_row_handler", PGE_AM_ROW},
		{"pge_column_handler", PGE_AM_COLUMN},
		{"pge_vector_table_handler", PGE_AM_COLUMN},
		{"pge_timeseries_handler", PGE_AM_COLUMN | PGE_AM_TIME},
	};
	HeapTuple	am = SearchSysCache1(AMOID, ObjectIdGetDatum(access_method));
	HeapTuple	proc;
	PgeAm		found = PGE_AM_NONE;

	if (!HeapTupleIsValid(am))
		return PGE_AM_NONE;
	proc = SearchSysCache1(PROCOID, ObjectIdGetDatum(((Form_pg_am) GETSTRUCT(am))->amhandler));
	ReleaseSysCache(am);
	if (!HeapTupleIsValid(proc))
		return PGE_AM_NONE;

	if (((Form_pg_proc) GETSTRUCT(proc))->prolang == ClanguageId)
	{
		char	   *library = TextDatumGetCString(SysCacheGetAttrNotNull(PROCOID, proc, Anum_pg_proc_probin));
		char	   *symbol = TextDatumGetCString(SysCacheGetAttrNotNull(PROCOID, proc, Anum_pg_proc_prosrc));

		for (int i = 0; strcmp(library, "$libdir/pg_epiphany") == 0 && i < lengthof(handlers); i++)
		{
			if (strcmp(symbol, handlers[i].symbol) == 0)
				found = handlers[i].am;
		}
	}
	ReleaseSysCache(proc);
	return found;
}

/* The options that one of the access methods takes, as a hint says them. */
static char *
list_options(int access_methods)
{
	StringInfoData list;

	initStringInfo(&list);
	for (PgeOptionId id = 0; id < PGE_OPTION_COUNT; id++)
	{
		if (pge_options[id].access_methods & access_methods)
			appendStringInfo(&list, "%sepiphany.%s", list.len > 0 ? ", " : "", pge_options[id].name);
	}
	return list.data;
}

PgeOptionId
pge_option_find(const char *name)
{
	PgeOptionId id = 0;

	while (id < PGE_OPTION_COUNT && strcmp(pge_options[id].name, name) != 0)
		id++;
	if (id == PGE_OPTION_COUNT)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unrecognized option \"epiphany.%s\"", name),
				 errhint("Options are: %s.", list_options(PGE_AM_ROW | PGE_AM_COLUMN))));
	return id;
}

static bool
parse(const PgeOption *option, const char *text, int *number)
{
	if (option->values == NULL)
		return parse_int(text, number, 0, NULL) && *number >= option->least && *number <= option->greatest;
	for (*number = option->least; *number <= option->greatest; ++*number)
	{
		if (pg_strcasecmp(option->values[*number], text) == 0)
			return true;
	}
	return false;
}

static char *
show(const PgeOption *option, int number)
{
	return option->values ? pstrdup(option->values[number]) : psprintf("%d", number);
}

static char *
list_values(const PgeOption *option)
{
	StringInfoData list;

	if (option->spell != NULL)
		return pstrdup(option->valid);
	if (option->values == NULL)
		return psprintf("integers from %d to %d", option->least, option->greatest);
	initStringInfo(&list);
	for (int i = option->least; i <= option->greatest; i++)
		appendStringInfo(&list, "%s%s", i > option->least ? ", " : "", option->values[i]);
	return list.data;
}

/* A value in its one spelling; raises when it is none. */
const char *
pge_option_value(PgeOptionId id, const char *text)
{
	const PgeOption *option = &pge_options[id];
	char	   *spelt = option->spell != NULL ? option->spell(text) : NULL;
	int			number;

	if (spelt != NULL)
		return spelt;
	if (option->spell != NULL || !parse(option, text, &number))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid value for option \"epiphany.%s\": \"%s\"", option->name, text),
				 errhint("Valid values are %s.", list_values(option))));
	return show(option, number);
}

static int *
field(PgeOptionId id, PgeTableOptions *options)
{
	return (int *) ((char *) options + pge_options[id].offset);
}

static const char **
text_field(PgeOptionId id, PgeTableOptions *options)
{
	return (const char **) ((char *) options + pge_options[id].offset);
}

/* NULL: a text that is not given. */
const char *
pge_option_show(PgeOptionId id, const PgeTableOptions *options)
{
	if (pge_options[id].spell != NULL)
		return *text_field(id, unconstify(PgeTableOptions *, options));
	return show(&pge_options[id], *field(id, unconstify(PgeTableOptions *, options)));
}

void
pge_option_check_applies(PgeOptionId id, Oid access_method)
{
	PgeAm		am = pge_am_of(access_method);
	const char *name = get_am_name(access_method);
	char	   *others = list_options(am);

	if (pge_options[id].access_methods & am)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_WRONG_OBJECT_TYPE),
			 name ? errmsg("access method \"%s\" has no option \"epiphany.%s\"", name, pge_options[id].name)
			 : errmsg("option \"epiphany.%s\" needs a table with an access method", pge_options[id].name),
			 others[0] != '\0' ? errhint("Its options are: %s.", others)
			 : errhint("Tables made with USING %s have it.",
					   pge_options[id].access_methods & PGE_AM_COLUMN ? "epiphany_column" : "epiphany_row")));
}

/* Reads a label; raises unless it is written exactly as we would write it. */
void
pge_option_values_parse(const char *label, PgeOptionValues *values)
{
	char	   *rest = pstrdup(label);
	bool		readable = true;

	memset(values, 0, sizeof(*values));
	while (readable && rest != NULL)
	{
		char	   *name = rest;
		char	   *value;

		rest = strstr(name, ", ");
		if (rest)
		{
			*rest = '\0';
			rest += strlen(", ");
		}
		value = strchr(name, '=');
		readable = value != NULL;
		if (readable)
		{
			PgeOptionId id;

			*value++ = '\0';
			id = pge_option_find(name);
			values->of[id] = pge_option_value(id, pge_option_text_unescape(value));
		}
	}
	if (!readable || strcmp(pge_option_values_format(values), label) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("malformed label of provider \"epiphany\": \"%s\"", label),
				 errhint("Use ALTER TABLE ... SET (epiphany.name = value), which writes the label.")));
}

/* NULL when no option is given. */
char *
pge_option_values_format(const PgeOptionValues *values)
{
	StringInfoData label;

	initStringInfo(&label);
	for (PgeOptionId id = 0; id < PGE_OPTION_COUNT; id++)
	{
		if (values->of[id])
			appendStringInfo(&label, "%s%s=%s", label.len > 0 ? ", " : "", pge_options[id].name,
							 pge_option_text_escape(values->of[id]));
	}
	return label.len > 0 ? label.data : NULL;
}

void
pge_option_values_apply(const PgeOptionValues *values, PgeTableOptions *options)
{
	options->given = 0;
	for (PgeOptionId id = 0; id < PGE_OPTION_COUNT; id++)
	{
		if (pge_options[id].spell != NULL)
		{
			*text_field(id, options) = values->of[id] ? pge_option_text_keep(values->of[id]) : pge_options[id].initial_text;
			options->given |= values->of[id] ? 1U << id : 0;
			continue;
		}
		*field(id, options) = pge_options[id].initial;
		if (values->of[id] && parse(&pge_options[id], values->of[id], field(id, options)))
			options->given |= 1U << id;
	}
}
