-- Beside the 22: what metadata alone can answer
SELECT min(l_shipdate), max(l_shipdate), min(l_orderkey), max(l_orderkey) FROM lineitem;
