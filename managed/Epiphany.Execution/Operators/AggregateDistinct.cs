// Execution layer, operators. DISTINCT: which rows bring a value that their group has not had.

using System;

namespace Epiphany.Execution;

/// <summary>A set of pairs of group and value; without keys there is one group, and values alone are kept.</summary>
sealed unsafe class AggregateDistinct
{
    static readonly ValueType s_group = new(TypeOid.Int8, -1, 0, sizeof(long), true);

    readonly KeyTable _table;
    readonly Vector[] _pair;
    readonly Vector _groups = new();
    readonly VectorBuffer _lanes;
    readonly uint* _numbers;
    readonly byte* _seen;

    internal AggregateDistinct(ValueType argument, uint collation, bool hasKeys, IExecutionHost host)
    {
        uint equality = KeyKinds.Equality(argument.Oid);
        var value = new KeyColumn(argument, KeyKinds.Of(equality, collation, argument.Oid), collation, host);
        var group = new KeyColumn(s_group, KeyKind.Datum, 0, host);
        _pair = hasKeys ? [_groups, _groups] : [_groups];
        _table = new KeyTable(
            new KeyBatch(hasKeys ? [group, value] : [value], host), hasKeys ? [0, equality] : [equality], hasKeys ? [0, collation] : [collation],
            nullsEqual: true, host);
        _lanes = new VectorBuffer(host.Memory);
        _numbers = (uint*)host.Memory.Allocate(Batch.Capacity * sizeof(uint));
        _seen = host.Memory.Allocate(Batch.Capacity);
    }

    internal ulong Bytes => _table.Bytes;

    /// <summary>Those of the rows (none of whose values is null) whose value is new to their group.</summary>
    internal Rows Fresh(Vector values, AggregateRows rows, ushort* fresh)
    {
        int before = _table.Count;
        if (_pair.Length > 1)
        {
            for (int i = 0; i < rows.Count; i++)
            {
                _lanes.Values[i] = rows.IsOne ? 0 : rows.Groups[i];
            }

            _groups.SetDatums(_lanes.Values, null);
        }

        _pair[^1] = values;
        _table.Insert(_pair, rows.Count, _numbers);
        new Span<byte>(_seen, _table.Count - before).Clear();
        int count = 0;
        for (int i = 0; i < rows.Count; i++)
        {
            int added = (int)_numbers[i] - before;
            if (added >= 0 && _seen[added] == 0)
            {
                _seen[added] = 1;
                fresh[count++] = (ushort)i;
            }
        }

        return new Rows(fresh, count);
    }

    internal void Clear() => _table.Clear();
}
