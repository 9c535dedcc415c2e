#!/bin/bash
# Makes the extension in the database that the container starts with; EPIPHANY_CREATE_EXTENSION=no leaves it out.
[ "${EPIPHANY_CREATE_EXTENSION:-yes}" = no ] ||
	psql -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d "$POSTGRES_DB" -c 'CREATE EXTENSION IF NOT EXISTS pg_epiphany CASCADE'
