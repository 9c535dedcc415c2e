-- Where pgvector's types are used, they and their operators are looked for in its schema, too.
SELECT pg_catalog.set_config('search_path',
	pg_catalog.current_setting('search_path') || ', ' || pg_catalog.quote_ident(n.nspname), true)
FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
WHERE e.extname = 'vector';

-- What operator classes of vector indexes stand for, whichever access method they are of.
CREATE FUNCTION epiphany_vector_l2_index_type(internal) RETURNS internal
AS 'MODULE_PATHNAME', 'pge_vector_l2_index_type' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION epiphany_vector_l2_index_type(internal) IS 'support function of operator classes';
CREATE FUNCTION epiphany_vector_ip_index_type(internal) RETURNS internal
AS 'MODULE_PATHNAME', 'pge_vector_ip_index_type' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION epiphany_vector_ip_index_type(internal) IS 'support function of operator classes';
CREATE FUNCTION epiphany_vector_cosine_index_type(internal) RETURNS internal
AS 'MODULE_PATHNAME', 'pge_vector_cosine_index_type' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION epiphany_vector_cosine_index_type(internal) IS 'support function of operator classes';
CREATE FUNCTION epiphany_vector_l1_index_type(internal) RETURNS internal
AS 'MODULE_PATHNAME', 'pge_vector_l1_index_type' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION epiphany_vector_l1_index_type(internal) IS 'support function of operator classes';
CREATE FUNCTION epiphany_halfvec_l2_index_type(internal) RETURNS internal
AS 'MODULE_PATHNAME', 'pge_halfvec_l2_index_type' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION epiphany_halfvec_l2_index_type(internal) IS 'support function of operator classes';
CREATE FUNCTION epiphany_halfvec_ip_index_type(internal) RETURNS internal
AS 'MODULE_PATHNAME', 'pge_halfvec_ip_index_type' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION epiphany_halfvec_ip_index_type(internal) IS 'support function of operator classes';
CREATE FUNCTION epiphany_halfvec_cosine_index_type(internal) RETURNS internal
AS 'MODULE_PATHNAME', 'pge_halfvec_cosine_index_type' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION epiphany_halfvec_cosine_index_type(internal) IS 'support function of operator classes';
CREATE FUNCTION epiphany_halfvec_l1_index_type(internal) RETURNS internal
AS 'MODULE_PATHNAME', 'pge_halfvec_l1_index_type' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION epiphany_halfvec_l1_index_type(internal) IS 'support function of operator classes';
CREATE FUNCTION epiphany_bit_hamming_index_type(internal) RETURNS internal
AS 'MODULE_PATHNAME', 'pge_bit_hamming_index_type' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION epiphany_bit_hamming_index_type(internal) IS 'support function of operator classes';
CREATE FUNCTION epiphany_bit_jaccard_index_type(internal) RETURNS internal
AS 'MODULE_PATHNAME', 'pge_bit_jaccard_index_type' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION epiphany_bit_jaccard_index_type(internal) IS 'support function of operator classes';
CREATE FUNCTION epiphany_sparsevec_l2_index_type(internal) RETURNS internal
AS 'MODULE_PATHNAME', 'pge_sparsevec_l2_index_type' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION epiphany_sparsevec_l2_index_type(internal) IS 'support function of operator classes';
CREATE FUNCTION epiphany_sparsevec_ip_index_type(internal) RETURNS internal
AS 'MODULE_PATHNAME', 'pge_sparsevec_ip_index_type' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION epiphany_sparsevec_ip_index_type(internal) IS 'support function of operator classes';
CREATE FUNCTION epiphany_sparsevec_cosine_index_type(internal) RETURNS internal
AS 'MODULE_PATHNAME', 'pge_sparsevec_cosine_index_type' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION epiphany_sparsevec_cosine_index_type(internal) IS 'support function of operator classes';
CREATE FUNCTION epiphany_sparsevec_l1_index_type(internal) RETURNS internal
AS 'MODULE_PATHNAME', 'pge_sparsevec_l1_index_type' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION epiphany_sparsevec_l1_index_type(internal) IS 'support function of operator classes';
