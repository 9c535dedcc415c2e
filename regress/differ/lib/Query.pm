# Random statements over the random tables, such that SQL says what their result is: where an order of rows or one of several equal values
# would show, the statement orders all rows, or says so in what it returns.
#
# A select is { sql, columns, rows, order, total }. A column has a name, a type and what may be demanded of it: "exact" (the same text),
# "value" (one of several equal values: compared by canonical text) or "rough" (a sum of floats: compared by tolerance).
# order: columns (from 0) by which the rows come sorted. total: no two rows may be exchanged unnoticed.
package Query;
use strict;
use warnings FATAL => 'all';

use Expressions qw(expression column condition usable produce %produce);
use Shrink qw(either render);
use Values qw(@types any upto chance canonical);

use constant LARGEST => 20000;	# estimated rows of a join

# Types that may be compared with one another: what joins are made of.
my %family = (
	(map { $_ => 'whole' } qw(int2 small posint int4 int8 key)), (map { $_ => 'float' } qw(float4 exact4 float8 exact8 special8 rough8)),
	(map { $_ => 'numeric' } qw(numeric cents scale5)), (map { $_ => 'date' } qw(date day timestamp moment)),
	(map { $_ => 'instant' } qw(timestamptz instant)), (map { $_ => 'span' } qw(interval span)),
	(map { $_ => 'text' } qw(text word varchar label)));
sub family { return $family{ $_[0] } // $_[0] }

sub least { return $_[0] < $_[1] ? $_[0] : $_[1] }
sub shuffled { my @from = @_; my @to; push @to, splice @from, int rand @from, 1 while @from; return @to }

# new(tables): a maker of statements.
sub new { my ($class, @tables) = @_; return bless { tables => \@tables }, $class }

sub alias { my ($self) = @_; return 't' . ++$self->{aliases} }
sub expr { my ($self, $scope, $type, $depth) = @_; return expression($self, $scope, $type, $depth // 2) }

# ---- Relations ----

# What FROM calls $name: { sql, scope, rows, key }; key is what tells its rows apart, if anything does.
sub relation
{
	my ($self, $depth, $largest) = @_;
	my $alias = $self->alias;
	my $draw = rand;
	my $inner = $depth > 0 && $draw < 0.2 ? $self->nested($self->select($depth - 1))
	  : @{ $self->{ctes} } && $draw < 0.6 ? any(@{ $self->{ctes} }) : undef;
	if ($inner and grep { $_->{kind} ne 'rough' } @{ $inner->{columns} })
	{
		return $self->exported($inner, $alias, ($inner->{name} // "($inner->{sql})") . " $alias");
	}
	my @tables = grep { $_->{rows} <= ($largest // 1e9) } @{ $self->{tables} };
	@tables = grep { $_->{rows} > 100 } @tables if chance(0.8);
	my $table = any(@tables ? @tables : @{ $self->{tables} }[0, 1]);
	return { sql => "$table->{name} $alias", rows => $table->{rows}, key => ["$alias.id"],
		scope => [ map { { sql => "$alias.$_->{name}", type => $_->{type}, peak => $_->{peak} } } @{ $table->{columns} } ] };
}

sub exported
{
	my ($self, $select, $alias, $sql) = @_;
	return { sql => $sql, rows => $select->{rows},
		scope => [ map { { sql => "$alias.$_->{name}", type => $_->{type}, peak => $select->{rows} } }
			  grep { $_->{kind} ne 'rough' } @{ $select->{columns} } ] };
}

# A select that others build upon: of equal values, one for all.
sub nested
{
	my ($self, $select) = @_;
	return $select unless grep { $_->{kind} eq 'value' && canonical($_->{type}, '') ne '' } @{ $select->{columns} };
	my $alias = $self->alias;
	my @columns = map { { %$_, kind => $_->{kind} eq 'rough' ? 'rough' : 'exact' } } @{ $select->{columns} };
	my $list = join ', ', map {
		my $column = "$alias.$_->{name}";
		($_->{kind} eq 'value' ? canonical($_->{type}, $column) : $column) . " AS $_->{name}"
	} @{ $select->{columns} };
	return { %$select, sql => "SELECT $list FROM ($select->{sql}) $alias", columns => \@columns };
}

# A pair of columns, one of either side, to join by, and the rows that gives; nothing if it would give too many.
sub pair
{
	my ($self, $left, $right) = @_;
	my %of;
	push @{ $of{ family($_->{type}) } }, $_ foreach @{ $right->{scope} };
	foreach my $try (1 .. 12)
	{
		my $l = any(@{ $left->{scope} }) or return;
		# Equal only one by one: there is no hash function, and they do not merge.
		next if $l->{type} =~ /vec/;
		my $r = any(@{ $of{ family($l->{type}) } // next });
		my $rows = least($left->{rows} * $r->{peak}, $right->{rows} * $l->{peak});
		return ($l, $r, $rows) if $rows <= LARGEST;
	}
	return;
}

# Joins another relation to $left.
sub joined
{
	my ($self, $left, $depth) = @_;
	my $right = $self->relation($depth);
	my ($l, $r, $rows) = $self->pair($left, $right);
	my @both = (@{ $left->{scope} }, @{ $right->{scope} });
	my $from = { scope => \@both, key => $left->{key} && $right->{key} ? [ @{ $left->{key} }, @{ $right->{key} } ] : undef };
	if (!$l)
	{
		return $left if $left->{rows} * $right->{rows} > LARGEST / 4;
		@$from{qw(sql rows)} = ("$left->{sql} CROSS JOIN $right->{sql}", $left->{rows} * $right->{rows});
		return $from;
	}
	my $how = any('JOIN', 'JOIN', 'JOIN', 'LEFT JOIN', 'LEFT JOIN', 'RIGHT JOIN', 'FULL JOIN');
	my $on = any("$l->{sql} = $r->{sql}", "$r->{sql} = $l->{sql}");
	if (chance(0.25) and my ($l2, $r2) = $self->pair($left, $right)) { $on .= either(" AND $l2->{sql} = $r2->{sql}", '') }
	$on .= either(' AND ' . condition($self, \@both, 1), '') if chance(0.2) and $how ne 'FULL JOIN';
	foreach my $side ([ $left, $r ], [ $right, $l ])
	{
		$_->{peak} = least($_->{peak} * $side->[1]{peak}, $rows) || 1 foreach @{ $side->[0]{scope} };
	}
	@$from{qw(sql rows)} = ("$left->{sql} $how $right->{sql} ON $on", $rows + $left->{rows} + $right->{rows});
	return $from;
}

# A LATERAL subquery beside $left.
sub lateral
{
	my ($self, $left) = @_;
	return $left if $left->{rows} > 1500;
	my $right = $self->relation(0, 2000);
	my ($l, $r) = $self->pair($left, $right);
	return $left unless $l;
	my $alias = $self->alias;
	# An aggregate belongs to the query whose columns it takes: one of the inner relation's.
	my $x = any(grep { $_->{type} =~ /^(small|key|cents|text|word|day|int4)$/ } @{ $right->{scope} }) or return $left;
	my @columns = ({ name => 'n', type => 'int8' }, { name => 'x', type => $x->{type} });
	my $more = either(' AND ' . condition($self, [ @{ $right->{scope} }, @{ $left->{scope} } ], 1), '');
	my $inner = "SELECT count(*) AS n, max($x->{sql}) AS x FROM $right->{sql} WHERE $r->{sql} = $l->{sql}$more";
	my $sql = any(", LATERAL ($inner) $alias", " LEFT JOIN LATERAL ($inner HAVING count(*) > 1) $alias ON true");
	my @scope = map { { sql => "$alias.$_->{name}", type => $_->{type}, peak => $left->{rows} } } @columns;
	return { %$left, sql => "$left->{sql}$sql", scope => [ @{ $left->{scope} }, @scope ] };
}

sub from
{
	my ($self, $depth) = @_;
	my $from = $self->relation($depth);
	$from = $self->joined($from, $depth) for 1 .. any(0, 0, 0, 1, 1, 1, 2, 2, 3);
	$from = $self->lateral($from) if chance(0.06);
	return $from;
}

# ---- Conditions ----

# A condition that asks a subquery.
sub subquery_condition
{
	my ($self, $from) = @_;
	# Some run once for each row.
	my $each = $from->{rows} ? 2e6 / $from->{rows} : 1e9;
	my $right = $self->relation(0, $each);
	my ($l, $r) = $self->pair($from, $right) or return 'true';
	local $self->{place} = 'subquery';
	my $more = chance(0.5) ? either(' AND ' . condition($self, $right->{scope}, 1), '') : '';
	my $where = $more ? 'WHERE true' . $more : '';
	my $text = any(
		"EXISTS (SELECT 1 FROM $right->{sql} WHERE $r->{sql} = $l->{sql}$more)",
		"NOT EXISTS (SELECT FROM $right->{sql} WHERE $l->{sql} = $r->{sql}$more)",
		"$l->{sql} IN (SELECT $r->{sql} FROM $right->{sql} $where)",
		"$l->{sql} NOT IN (SELECT $r->{sql} FROM $right->{sql} $where)",
		"$l->{sql} NOT IN (SELECT $r->{sql} FROM $right->{sql} WHERE $r->{sql} IS NOT NULL$more)",
		"($l->{sql} IN (SELECT $r->{sql} FROM $right->{sql} $where) OR " . condition($self, $from->{scope}, 1) . ')',
		$self->expr($from->{scope}, 'small', 1) . ' ' . any('>', '<', '=', '<>') . ' (SELECT ' . any('max', 'min', 'avg', 'count') . '('
		  . $self->expr($right->{scope}, 'small', 1) . ") FROM $right->{sql} WHERE $r->{sql} = $l->{sql}$more)",
		$self->expr($from->{scope}, 'cents', 1) . ' ' . any('>', '<=') . ' (SELECT avg('
		  . $self->expr($right->{scope}, 'cents', 1) . ") FROM $right->{sql} $where)",
		$self->expr($from->{scope}, 'small', 1) . any(' = ANY', ' >= ALL', ' <> ALL') . ' (SELECT '
		  . $self->expr($right->{scope}, 'small', 1) . " FROM $right->{sql} $where)");
	return $text;
}

sub where
{
	my ($self, $from) = @_;
	my @conditions;
	for (1 .. any(0, 0, 0, 1, 1, 1, 2))
	{
		push @conditions, either(chance(0.2) ? $self->subquery_condition($from) : condition($self, $from->{scope}), 'true');
	}
	return @conditions ? either(' WHERE ' . join(' AND ', @conditions), '') : '';
}

# ---- Selects ----

# Gives the columns their names, and returns the list that selects them.
sub name_columns
{
	my ($list) = @_;
	my $n = 0;
	$_->{name} = 'c' . ++$n foreach @$list;
	return join ', ', map { either($_->{sql}, 'NULL') . " AS $_->{name}" } @$list;
}

# One select: rows as they are, grouped, distinct, or with window functions. types: what its columns must be, for set operations.
sub select
{
	my ($self, $depth, %must) = @_;
	local $self->{place} = $depth < $self->{depth} ? 'nested' : $self->{place};
	my $from = $self->from($depth);
	my $shape = $must{types} ? any(qw(plain plain distinct))
	  : any(qw(plain plain plain grouped grouped grouped grouped distinct window union));
	return $self->union($depth) if $shape eq 'union' and $depth > 0;
	return $self->grouped($from) if $shape eq 'grouped';
	my @of = $must{types} ? @{ $must{types} } : map { chance(0.7) ? any(@{ $from->{scope} })->{type} : any(@types) } 1 .. 1 + upto(5);
	my @list = map {
		my $column = chance(0.4) ? column($from->{scope}, $_) : undef;
		{ type => $_, kind => 'exact', sql => $column ? $column->{sql} : $self->expr($from->{scope}, $_) }
	} @of;
	if (chance(0.08) and !$must{types})
	{
		my $right = $self->relation(0, $from->{rows} ? 2e6 / $from->{rows} : 1e9);
		if (my ($l, $r) = $self->pair($from, $right))
		{
			push @list, { type => 'int8', kind => 'exact', sql => "(SELECT count(*) FROM $right->{sql} WHERE $r->{sql} = $l->{sql})" };
		}
	}
	push @list, $self->windows($from) if $shape eq 'window';
	my $names = name_columns(\@list);
	my $distinct = $shape eq 'distinct';
	if ($distinct) { $_->{kind} = 'value' foreach @list }
	my $sql = 'SELECT ' . ($distinct ? either('DISTINCT ', '') : '') . "$names FROM $from->{sql}" . $self->where($from);
	return { sql => $sql, columns => \@list, rows => $from->{rows} };
}

sub windows
{
	my ($self, $from) = @_;
	my @list;
	for (1 .. 1 + upto(2))
	{
		my $production = any(grep { $from->{key} || $_->{window} eq 'peers' } @{ $produce{window} });
		my $sql = produce($self, $from->{scope}, $production, 1);
		my $by = sub { return $self->expr($from->{scope}, any(qw(small word key day bool cents text)), chance(0.7) ? 0 : 1) };
		my $partition = chance(0.6) ? 'PARTITION BY ' . $by->() . ' ' : '';
		my $direction = any('', ' DESC', ' NULLS FIRST', ' DESC NULLS LAST');
		my $all = $from->{key} ? join ', ', @{ $from->{key} } : '';
		my $rows = any('3 PRECEDING', 'BETWEEN 1 PRECEDING AND 2 FOLLOWING', 'UNBOUNDED PRECEDING',
			'BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING', 'BETWEEN 5 PRECEDING AND 2 PRECEDING', 'BETWEEN 1 FOLLOWING AND 40 FOLLOWING',
			'BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING');
		my $over = $production->{window} eq 'total' ? 'ORDER BY ' . $by->() . "$direction, $all"
		  : $production->{window} eq 'rows' ? "ORDER BY $all ROWS $rows"
		  : any('', 'ORDER BY ' . $by->() . $direction,
			'ORDER BY ' . $self->expr($from->{scope}, 'small', 0) . ' RANGE BETWEEN 5 PRECEDING AND 1 FOLLOWING',
			'ORDER BY ' . $by->() . ' GROUPS BETWEEN 2 PRECEDING AND 1 FOLLOWING',
			'ORDER BY ' . $by->() . ' GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW EXCLUDE TIES');
		# With little memory, PostgreSQL takes minutes for a frame of many peers.
		$over = '' if $from->{rows} > 1000 and $over =~ /GROUPS|RANGE/;
		push @list, { type => $production->{type}, kind => 'value', sql => "$sql OVER ($partition$over)" };
	}
	return @list;
}

# A grouped select: 0 to 4 keys, aggregates, expressions over both.
sub grouped
{
	my ($self, $from) = @_;
	my @keys;
	for (1 .. any(0, 0, 1, 1, 1, 2, 2, 3, 4))
	{
		my $type = chance(0.5) ? any(@{ $from->{scope} })->{type} : any(@types);
		my $column = chance(0.7) ? column($from->{scope}, $type) : undef;
		my $sql = $column ? $column->{sql} : render($self->expr($from->{scope}, $type));
		# A bare constant would be a position, or nothing to group by; and PostgreSQL takes what names no column for the same in every grouping set,
		# so that it need not be sorted by.
		push @keys, { sql => $sql, type => $column ? $column->{type} : $type } if $sql =~ /(?<!epiphan)[a-z]\d*\.[a-z]/;
	}
	my @aggregates = map { $self->aggregate($from->{scope}) } 1 .. 1 + upto(3);
	my @scope = map { { sql => canonical($_->{type}, $_->{sql}), type => $_->{type}, peak => 1 } }
	  @keys, grep { $_->{kind} ne 'rough' } @aggregates;
	my @list = ((map { { sql => $_->{sql}, type => $_->{type}, kind => 'value' } } grep { chance(0.9) } @keys), @aggregates);
	my $type = any(qw(small int8 numeric text bool cents float8));
	push @list, { type => $type, kind => 'value', sql => $self->expr(\@scope, $type) } if chance(0.3);
	my @by = map { $_->{sql} } @keys;
	push @list, { type => 'int4', kind => 'exact', sql => 'grouping(' . join(', ', @by) . ')' } if @by and chance(0.2);
	@list = shuffled(@list);
	my $names = name_columns(\@list);
	my $by = join ', ', @by;
	my ($some) = shuffled(@by);
	$by = any("ROLLUP ($by)", "CUBE ($by)", "GROUPING SETS (($by), ())", "GROUPING SETS (($by), ($some), ($some))")
	  if @by and @by < 4 and chance(0.2);
	my $having = '';
	if (chance(0.2))
	{
		local $self->{place} = 'having';
		$having = either(' HAVING ' . condition($self, \@scope, 1), '');
	}
	my $sql = "SELECT $names FROM $from->{sql}" . $self->where($from) . ($by ? " GROUP BY $by" : '') . $having;
	return { sql => $sql, columns => \@list, rows => $from->{rows} };
}

sub aggregate
{
	my ($self, $scope) = @_;
	my $kind = chance(0.07) ? 'rough' : 'aggregate';
	my $production = any(usable($self, $kind));
	my $sql = produce($self, $scope, $production, 2);
	$sql .= either(' FILTER (WHERE ' . condition($self, $scope, 1) . ')', '') if chance(0.12);
	return { sql => $sql, type => $production->{type}, kind => $kind eq 'rough' ? 'rough' : 'value' };
}

sub union
{
	my ($self, $depth) = @_;
	my @types = map { any(@types) } 1 .. 1 + upto(3);
	my @branches = map { $self->select($depth - 1, types => \@types) } 1 .. any(2, 2, 3);
	my $sql = shift(@branches)->{sql};
	my @ways = ('UNION', 'UNION ALL', 'UNION ALL', 'INTERSECT', 'INTERSECT ALL', 'EXCEPT', 'EXCEPT ALL');
	$sql = "($sql) " . any(@ways) . " ($_->{sql})" foreach @branches;
	my @columns = map { { type => $_, kind => 'value' } } @types;
	name_columns([ map { $_->{sql} = ''; $_ } @columns ]);
	return { sql => $sql, columns => \@columns, rows => LARGEST };
}

# Sorts a select, and may cut it. all: so that no two different rows may be exchanged.
sub ordered
{
	my ($self, $select, %how) = @_;
	my @columns = @{ $select->{columns} };
	my $rough = grep { $_->{kind} eq 'rough' } @columns;
	my @keys = grep { $columns[$_]{kind} ne 'rough' } shuffled(0 .. $#columns);
	my $limit = !$rough && ($how{all} || chance(0.5));
	my $ties = $limit && !$how{all} && @keys && chance(0.2);
	splice @keys, 1 + upto($#keys) unless !@keys or $limit and !$ties;
	return $select unless @keys;
	my $sql = "$select->{sql} ORDER BY " . join ', ', map { $_ + 1 . any('', '', ' DESC', ' DESC NULLS LAST', ' NULLS FIRST') } @keys;
	my $count = any(1, 3, 10, 100, 3000, chance(0.2) ? 0 : 10);
	if ($limit and !$how{all})
	{
		$self->{lazy} = 1 if $self->{raised};
		my $cut = any("LIMIT $count", "LIMIT $count OFFSET " . any(1, 5, 50), 'OFFSET ' . any(0, 3, 1000));
		$sql .= either($ties ? " FETCH FIRST $count ROWS WITH TIES" : " $cut", '');
		$_->{kind} = 'value' foreach @columns;
	}
	if ($how{all}) { $_->{kind} = 'value' foreach @columns }
	return { %$select, sql => $sql, order => \@keys, total => $limit && !$ties };
}

# ---- Statements ----

sub with
{
	my ($self) = @_;
	my @texts;
	for my $n (1 .. any(1, 1, 2))
	{
		my $select = $self->nested($self->select(1));
		push @texts, "w$n AS " . any('', 'MATERIALIZED ', 'NOT MATERIALIZED ') . "($select->{sql})";
		push @{ $self->{ctes} }, { %$select, name => "w$n" };
	}
	return 'WITH ' . join(', ', @texts) . ' ';
}

# statement(): { sql, columns, order, together, lazy }. Its results (those with columns) are compared one by one, or as one, if "together".
# lazy: an error may or may not be raised, depending on what is evaluated first.
sub statement
{
	my ($self) = @_;
	my $draw = rand;
	%$self = (tables => $self->{tables}, aliases => 0, ctes => [], depth => any(1, 1, 2),
		raise => chance(0.1), raised => 0, lazy => 0, place => 'output');
	$self->{parameters} = [] if $draw < 0.15;
	my $with = chance(0.12) ? $self->with : '';
	my $select = $self->select($self->{depth});
	my $cursor = ($draw > 0.85 and !grep { $_->{kind} eq 'rough' } @{ $select->{columns} });
	my $scroll = ($cursor and chance(0.5));
	$select = $self->ordered($select, all => $scroll) if $scroll or !$cursor && chance(0.5);
	$self->{lazy} = 1 if $self->{raised} and $cursor || $with;
	my $sql = $with . $select->{sql};
	my $together = 0;
	if ($self->{parameters} and @{ $self->{parameters} })
	{
		my @parameters = @{ $self->{parameters} };
		my @runs = map { my $run = $_; 'EXECUTE q (' . join(', ', map { $_->{values}[ $run % 2 ] } @parameters) . ')' } 0 .. 2;
		$sql = 'SET plan_cache_mode = ' . any(qw(force_generic_plan force_custom_plan auto)) . '; DEALLOCATE ALL; PREPARE q ('
		  . join(', ', map { $_->{type} } @parameters) . ") AS $sql; " . join '; ', @runs;
	}
	elsif ($cursor)
	{
		my @ways = $scroll ? ('5', 'FORWARD 100', 'BACKWARD 3', 'RELATIVE 2', 'ABSOLUTE 10', 'LAST', 'PRIOR', 'FIRST') : (1, 7, 100);
		my @moves = map { 'FETCH ' . any(@ways) . ' FROM c' } 1 .. 1 + upto(3);
		$sql = 'DECLARE c ' . ($scroll ? 'SCROLL' : 'NO SCROLL') . " CURSOR FOR $sql; " . join('; ', @moves, 'FETCH ALL FROM c', 'CLOSE c');
		$together = !$scroll;
	}
	return { sql => $sql, columns => $select->{columns}, order => $select->{order}, together => $together, lazy => $self->{lazy} };
}

1;
