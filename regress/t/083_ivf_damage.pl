# Damaged files of epiphany_ivf indexes.
use strict;
use warnings FATAL => 'all';

use VectorDamage;

VectorDamage::check(
	index => 'epiphany_ivf (v, tenant) WITH (lists = 4)', victims => 30, seed => 82, timeout => '10s', filtered => 'SET epiphany.ivf_probes = 100;');
