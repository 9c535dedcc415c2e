# epiphany_hnsw through crashes and on a standby; an unlogged index beside them.
use strict;
use warnings FATAL => 'all';

use Test::More;
use VectorCrashes;

VectorCrashes::check(
	index => 'epiphany_hnsw (v vector_l2_ops) WITH (m = 4, ef_construction = 16)', wide => 'epiphany_hnsw (v vector_cosine_ops)', seed => 83,
	setup => q{
		CREATE UNLOGGED TABLE unlogged (id bigint, v vector(3));
		CREATE INDEX unlogged_v ON unlogged USING epiphany_hnsw (v vector_l2_ops);
		INSERT INTO unlogged SELECT i, ARRAY[i, 1, 2] FROM generate_series(1, 100) i;
	},
	restarted => sub {
		my ($node, $when) = @_;
		is($node->safe_psql('postgres', q{
			SET enable_seqscan = off;
			SELECT count(*) FROM (SELECT id FROM unlogged ORDER BY v <-> '[7,1,2]') s;
			INSERT INTO unlogged SELECT i, ARRAY[i, 1, 2] FROM generate_series(1, 100) i;
			SELECT id FROM unlogged ORDER BY v <-> '[7,1,2]' LIMIT 1;
		}), "0\n7", "$when: the unlogged index is empty, and of use");
	},
	same_size => sub { cmp_ok($_[1], '<=', 1.02 * $_[0], 'the file stays as large as it is') });
