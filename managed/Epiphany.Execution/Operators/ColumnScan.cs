// Execution layer, operators. Scan of a column table: groups as they lie in storage, then rows of the heap region. Columns are decoded when
// a condition or the projection asks for them, vector by vector, and not at all where the conditions before have left no row.

using System;
using System.Collections.Generic;
using System.Numerics;
using Epiphany.Storage;

namespace Epiphany.Execution;

sealed unsafe class ColumnScan : Operator
{
    readonly int _scan;
    readonly RawColumns _delta;
    readonly Batch _raw;
    readonly VectorBuffer?[] _buffers;
    readonly nint[] _codes;
    readonly bool[] _touched;
    readonly bool[] _loaded;
    readonly bool[][] _conditionColumns;
    readonly List<ScanFilter> _filters = [];
    readonly GroupFacts _facts;
    readonly GroupConditions _groupConditions;
    readonly int[] _outputs;
    AggregateWhole? _whole;
    bool _allPass;
    ScanUnit _unit;
    ulong _vectors;

    internal ColumnScan(int scan, Tail tail, EngineContext context) : base(tail, context)
    {
        int columns = tail.RawTypes.Length;
        bool[] wanted = tail.Wanted.ToArray();
        _scan = scan;
        _raw = new Batch(columns);
        _buffers = new VectorBuffer?[columns];
        _codes = new nint[columns];
        _touched = new bool[columns];
        _loaded = new bool[columns];
        _conditionColumns = new bool[tail.Conditions.Length][];
        for (int i = 0; i < _conditionColumns.Length; i++)
        {
            _conditionColumns[i] = new bool[columns];
            tail.Conditions[i].MarkColumns(_conditionColumns[i]);
            tail.Conditions[i].MarkColumns(wanted);
        }

        _delta = new RawColumns(wanted, context.Host.Memory);
        _facts = new GroupFacts(scan, tail.RawTypes.ToArray(), context.Host);
        _groupConditions = new GroupConditions(tail.Conditions, tail.RawTypes, context.Host);
        _outputs = new int[tail.Types.Length];
        for (int i = 0; i < _outputs.Length; i++)
        {
            _outputs[i] = tail.RawColumn(i) ?? -1;
        }
    }

    public override bool Offer(int column, KeyFilter keys)
    {
        if (Tail.RawColumn(column) is not { } raw)
        {
            return false;
        }

        _filters.Add(new ScanFilter(raw, keys));
        return true;
    }

    public override void OfferWhole(AggregateWhole whole) => _whole = whole;

    protected override Batch? Produce()
    {
        for (; ; )
        {
            Batch? batch = null;
            switch (_unit.Kind)
            {
                case ScanUnitKind.Group when _vectors != 0:
                    int vector = BitOperations.TrailingZeroCount(_vectors);
                    _vectors &= _vectors - 1;
                    batch = ReadVector(vector);
                    break;
                case ScanUnitKind.Delta when Context.Host.ScanRows(_scan, _delta.Values, _delta.Nulls, Batch.Capacity) is var rows and > 0:
                    batch = ReadDelta(_delta.Show(rows));
                    break;
                default:
                    Context.Host.ScanNext(_scan, out _unit);
                    if (_unit.Kind == ScanUnitKind.End)
                    {
                        return null;
                    }

                    Enter();
                    break;
            }

            if (batch != null)
            {
                return batch;
            }
        }
    }

    /// <summary>The host has started its own side.</summary>
    protected override void Restart()
    {
        _unit = default;
        _vectors = 0;
        _filters.Clear();
    }

    void Enter()
    {
        _vectors = _unit.Vectors;
        _allPass = false;
        Array.Clear(_touched);
        if (_unit.Kind == ScanUnitKind.Group)
        {
            int all = (_unit.Rows + Batch.Capacity - 1) / Batch.Capacity;
            _filters.ForEach(f => _vectors &= f.Vectors(_unit));
            int left = BitOperations.PopCount(_vectors);
            if (left == all && TryHandOn())
            {
                _vectors = 0;
                return;
            }

            Stats.GroupsRead += left > 0 ? 1UL : 0;
            Stats.GroupsSkipped += left > 0 ? 0UL : 1;
            Stats.VectorsSkipped += (ulong)(left > 0 ? all - left : 0);
        }
    }

    /// <summary>
    /// Asks the footer what conditions make of the group. True: an aggregate above has taken it in as a whole, and nothing of it is to be read.
    /// </summary>
    bool TryHandOn()
    {
        _facts.Enter(_unit);
        _allPass = _groupConditions.HoldForAll(_facts);
        if (!_allPass || _whole == null || !_whole.TryTake(_facts, _outputs))
        {
            return false;
        }

        Stats.GroupsKnown++;
        Stats.RowsKnown += (ulong)_facts.Seen;
        return true;
    }

    Batch? ReadVector(int vector)
    {
        int count = Math.Min(Batch.Capacity, _unit.Rows - (vector * Batch.Capacity));
        Rows rows = Seen(vector, count);
        int seen = rows.Count;
        _raw.Rows = count;
        Array.Clear(_loaded);
        Stats.VectorsRead++;
        for (int i = 0; !_allPass && i < _conditionColumns.Length && rows.Count > 0; i++)
        {
            Load(vector, count, _conditionColumns[i]);
            rows = new Rows(Tail.Selected, Tail.Conditions[i].Filter(_raw, rows, Tail.Selected));
        }

        Stats.Filtered += (ulong)(seen - rows.Count);
        seen = rows.Count;
        for (int i = 0; i < _filters.Count && rows.Count > 0; i++)
        {
            if (_filters[i].IsAwake())
            {
                LoadOnce(_filters[i].Column, vector, count);
                rows = _filters[i].Keep(_raw, rows, Tail.Selected);
            }
        }

        Stats.Unmatched += (ulong)(seen - rows.Count);
        if (rows.Count == 0)
        {
            return null;
        }

        Load(vector, count, Tail.Wanted);
        return Tail.Project(_raw, rows, Stats);
    }

    Batch? ReadDelta(Batch raw)
    {
        Rows rows = Tail.Filter(raw, Stats);
        int passed = rows.Count;
        for (int i = 0; i < _filters.Count && rows.Count > 0; i++)
        {
            rows = _filters[i].Keep(raw, rows, Tail.Selected);
        }

        Stats.Unmatched += (ulong)(passed - rows.Count);
        return rows.Count == 0 ? null : Tail.Project(raw, rows, Stats);
    }

    /// <summary>Rows that the snapshot sees.</summary>
    Rows Seen(int vector, int count)
    {
        if (_unit.Gone == null)
        {
            return Rows.All(count);
        }

        ulong* gone = _unit.Gone + (vector * (Batch.Capacity / 64));
        int seen = 0;
        for (int row = 0; row < count; row++)
        {
            Tail.Selected[seen] = (ushort)row;
            seen += (int)(~(gone[row / 64] >> (row % 64)) & 1);
        }

        return seen == count ? Rows.All(count) : new Rows(Tail.Selected, seen);
    }

    void Load(int vector, int count, ReadOnlySpan<bool> columns)
    {
        for (int i = 0; i < columns.Length; i++)
        {
            if (columns[i])
            {
                LoadOnce(i, vector, count);
            }
        }
    }

    void LoadOnce(int column, int vector, int count)
    {
        if (!_loaded[column])
        {
            LoadColumn(column, vector, count);
            _loaded[column] = true;
        }
    }

    void LoadColumn(int column, int vector, int count)
    {
        VectorBuffer buffer = _buffers[column] ??= new VectorBuffer(Context.Host.Memory);
        if (column >= _unit.Columns)
        {
            bool isNull = !Context.Host.ScanMissing(_scan, column, out ulong value);
            Constant.Fill(_raw.Columns[column], buffer, isNull, value);
            return;
        }

        ulong begun = Context.Options.Timing ? Context.Host.Now() : 0;
        ushort* codes = (ushort*)_codes[column];
        if (codes == null && !Tail.RawTypes[column].ByValue)
        {
            codes = (ushort*)Context.Host.Memory.Allocate(Batch.Capacity * sizeof(ushort));
            _codes[column] = (nint)codes;
        }

        Show(column, _unit.Reader!.DecodeVector(column, vector, buffer.Values, buffer.Nulls, codes), buffer, codes);
        if (!_touched[column])
        {
            _touched[column] = true;
            Stats.BytesRead += _unit.Reader!.ChunkBytes(column);
        }

        if (Context.Options.Timing)
        {
            Stats.DecodeTime += Context.Host.Now() - begun;
        }
    }

    void Show(int column, in DecodedVector decoded, VectorBuffer buffer, ushort* codes)
    {
        Vector result = _raw.Columns[column];
        result.SetDatums(buffer.Values, decoded.HasNulls ? buffer.Nulls : null);
        // Lanes past the rows are not filled: a constant stands for a batch of this length.
        result.IsConstant = decoded.IsConstant;
        if (decoded.IsDecimal)
        {
            result.Form = VectorForm.Decimal;
            result.Scale = decoded.Scale;
            result.Bound = decoded.Bound;
        }

        if (decoded.Table != null)
        {
            result.Codes = codes;
            result.Table = decoded.Table;
            result.Entries = decoded.Entries;
            result.TableId = decoded.TableId;
        }
    }
}
