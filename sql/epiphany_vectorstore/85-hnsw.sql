-- A graph of vectors. Its operator classes have the names of pgvector's for hnsw.
CREATE FUNCTION epiphany_hnsw_handler(internal) RETURNS index_am_handler
AS 'MODULE_PATHNAME', 'pge_hnsw_handler' LANGUAGE C;
COMMENT ON FUNCTION epiphany_hnsw_handler(internal) IS 'handler of access method epiphany_hnsw';

CREATE ACCESS METHOD epiphany_hnsw TYPE INDEX HANDLER epiphany_hnsw_handler;
COMMENT ON ACCESS METHOD epiphany_hnsw IS 'nearest neighbours by a graph of quantised vectors';

CREATE OPERATOR CLASS vector_l2_ops FOR TYPE vector USING epiphany_hnsw AS
	OPERATOR 1 <-> (vector, vector) FOR ORDER BY pg_catalog.float_ops,
	FUNCTION 1 epiphany_vector_l2_index_type(internal);
CREATE OPERATOR CLASS vector_ip_ops FOR TYPE vector USING epiphany_hnsw AS
	OPERATOR 1 <#> (vector, vector) FOR ORDER BY pg_catalog.float_ops,
	FUNCTION 1 epiphany_vector_ip_index_type(internal);
CREATE OPERATOR CLASS vector_cosine_ops FOR TYPE vector USING epiphany_hnsw AS
	OPERATOR 1 <=> (vector, vector) FOR ORDER BY pg_catalog.float_ops,
	FUNCTION 1 epiphany_vector_cosine_index_type(internal);
CREATE OPERATOR CLASS vector_l1_ops FOR TYPE vector USING epiphany_hnsw AS
	OPERATOR 1 <+> (vector, vector) FOR ORDER BY pg_catalog.float_ops,
	FUNCTION 1 epiphany_vector_l1_index_type(internal);
CREATE OPERATOR CLASS halfvec_l2_ops FOR TYPE halfvec USING epiphany_hnsw AS
	OPERATOR 1 <-> (halfvec, halfvec) FOR ORDER BY pg_catalog.float_ops,
	FUNCTION 1 epiphany_halfvec_l2_index_type(internal);
CREATE OPERATOR CLASS halfvec_ip_ops FOR TYPE halfvec USING epiphany_hnsw AS
	OPERATOR 1 <#> (halfvec, halfvec) FOR ORDER BY pg_catalog.float_ops,
	FUNCTION 1 epiphany_halfvec_ip_index_type(internal);
CREATE OPERATOR CLASS halfvec_cosine_ops FOR TYPE halfvec USING epiphany_hnsw AS
	OPERATOR 1 <=> (halfvec, halfvec) FOR ORDER BY pg_catalog.float_ops,
	FUNCTION 1 epiphany_halfvec_cosine_index_type(internal);
CREATE OPERATOR CLASS halfvec_l1_ops FOR TYPE halfvec USING epiphany_hnsw AS
	OPERATOR 1 <+> (halfvec, halfvec) FOR ORDER BY pg_catalog.float_ops,
	FUNCTION 1 epiphany_halfvec_l1_index_type(internal);
CREATE OPERATOR CLASS bit_hamming_ops FOR TYPE bit USING epiphany_hnsw AS
	OPERATOR 1 <~> (bit, bit) FOR ORDER BY pg_catalog.float_ops,
	FUNCTION 1 epiphany_bit_hamming_index_type(internal);
CREATE OPERATOR CLASS bit_jaccard_ops FOR TYPE bit USING epiphany_hnsw AS
	OPERATOR 1 <%> (bit, bit) FOR ORDER BY pg_catalog.float_ops,
	FUNCTION 1 epiphany_bit_jaccard_index_type(internal);
CREATE OPERATOR CLASS sparsevec_l2_ops FOR TYPE sparsevec USING epiphany_hnsw AS
	OPERATOR 1 <-> (sparsevec, sparsevec) FOR ORDER BY pg_catalog.float_ops,
	FUNCTION 1 epiphany_sparsevec_l2_index_type(internal);
CREATE OPERATOR CLASS sparsevec_ip_ops FOR TYPE sparsevec USING epiphany_hnsw AS
	OPERATOR 1 <#> (sparsevec, sparsevec) FOR ORDER BY pg_catalog.float_ops,
	FUNCTION 1 epiphany_sparsevec_ip_index_type(internal);
CREATE OPERATOR CLASS sparsevec_cosine_ops FOR TYPE sparsevec USING epiphany_hnsw AS
	OPERATOR 1 <=> (sparsevec, sparsevec) FOR ORDER BY pg_catalog.float_ops,
	FUNCTION 1 epiphany_sparsevec_cosine_index_type(internal);
CREATE OPERATOR CLASS sparsevec_l1_ops FOR TYPE sparsevec USING epiphany_hnsw AS
	OPERATOR 1 <+> (sparsevec, sparsevec) FOR ORDER BY pg_catalog.float_ops,
	FUNCTION 1 epiphany_sparsevec_l1_index_type(internal);

-- Columns to filter by, after the vector. Integers keep their order; of others there is a hash.
CREATE OPERATOR FAMILY integer_ops USING epiphany_hnsw;
CREATE OPERATOR CLASS int2_ops DEFAULT FOR TYPE int2 USING epiphany_hnsw FAMILY integer_ops AS
	OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >;
CREATE OPERATOR CLASS int4_ops DEFAULT FOR TYPE int4 USING epiphany_hnsw FAMILY integer_ops AS
	OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >;
CREATE OPERATOR CLASS int8_ops DEFAULT FOR TYPE int8 USING epiphany_hnsw FAMILY integer_ops AS
	OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >;
ALTER OPERATOR FAMILY integer_ops USING epiphany_hnsw ADD
	OPERATOR 1 < (int2, int4), OPERATOR 2 <= (int2, int4), OPERATOR 3 = (int2, int4), OPERATOR 4 >= (int2, int4), OPERATOR 5 > (int2, int4),
	OPERATOR 1 < (int2, int8), OPERATOR 2 <= (int2, int8), OPERATOR 3 = (int2, int8), OPERATOR 4 >= (int2, int8), OPERATOR 5 > (int2, int8),
	OPERATOR 1 < (int4, int2), OPERATOR 2 <= (int4, int2), OPERATOR 3 = (int4, int2), OPERATOR 4 >= (int4, int2), OPERATOR 5 > (int4, int2),
	OPERATOR 1 < (int4, int8), OPERATOR 2 <= (int4, int8), OPERATOR 3 = (int4, int8), OPERATOR 4 >= (int4, int8), OPERATOR 5 > (int4, int8),
	OPERATOR 1 < (int8, int2), OPERATOR 2 <= (int8, int2), OPERATOR 3 = (int8, int2), OPERATOR 4 >= (int8, int2), OPERATOR 5 > (int8, int2),
	OPERATOR 1 < (int8, int4), OPERATOR 2 <= (int8, int4), OPERATOR 3 = (int8, int4), OPERATOR 4 >= (int8, int4), OPERATOR 5 > (int8, int4);
CREATE OPERATOR CLASS date_ops DEFAULT FOR TYPE date USING epiphany_hnsw AS
	OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >;
CREATE OPERATOR CLASS timestamp_ops DEFAULT FOR TYPE timestamp USING epiphany_hnsw AS
	OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >;
CREATE OPERATOR CLASS timestamptz_ops DEFAULT FOR TYPE timestamptz USING epiphany_hnsw AS
	OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >;
CREATE OPERATOR CLASS bool_ops DEFAULT FOR TYPE bool USING epiphany_hnsw AS
	OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >;
CREATE OPERATOR CLASS text_ops DEFAULT FOR TYPE text USING epiphany_hnsw AS
	OPERATOR 3 =, FUNCTION 2 hashtextextended(text, int8);
CREATE OPERATOR CLASS uuid_ops DEFAULT FOR TYPE uuid USING epiphany_hnsw AS
	OPERATOR 3 =, FUNCTION 2 uuid_hash_extended(uuid, int8);
