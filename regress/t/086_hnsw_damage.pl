# Damaged files of epiphany_hnsw indexes.
use strict;
use warnings FATAL => 'all';

use VectorDamage;

# Also: a row's place that is far beyond the table's end.
VectorDamage::check(
	index => 'epiphany_hnsw (v vector_l2_ops) WITH (m = 4, ef_construction = 16)', victims => 40, seed => 84, timeout => '60s',
	also => qr/ERROR:  XX000: could not open file .* \(target block/);
