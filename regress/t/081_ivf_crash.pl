# epiphany_ivf through crashes and on a standby.
use strict;
use warnings FATAL => 'all';

use Test::More;
use VectorCrashes;

VectorCrashes::check(
	index => 'epiphany_ivf (v, tenant) WITH (lists = 12)', wide => 'epiphany_ivf (v vector_cosine_ops) WITH (lists = 3)', seed => 81,
	settings => 'SET epiphany.ivf_probes = 65536;',
	same_size => sub { is($_[1], $_[0], 'the file stays as large as it is') });
