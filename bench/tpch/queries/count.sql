-- Beside the 22: what metadata alone can answer
SELECT count(*) FROM lineitem;
