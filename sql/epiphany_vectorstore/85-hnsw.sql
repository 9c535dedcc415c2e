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
