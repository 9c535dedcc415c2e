// Execution layer, operators. Scan of a column table: groups as they lie in storage, then rows of the heap region. Conditions are tested on what is
// encoded where that is possible; columns are decoded when another condition, a join's filter or the projection asks for them, vector by vector, and
// only at the rows that are left.

using System;
using System.Collections.Generic;
using System.Numerics;
using Epiphany.Encoding;
using Epiphany.Kernels;
using Epiphany.Storage;

namespace Epiphany.Execution;

sealed unsafe partial class ColumnScan : Operator
{
    readonly int _scan;
    readonly RawColumns _delta;
    readonly ScanColumns _columns;
    readonly bool[][] _conditionColumns;

    /// <summary>By the number of a condition: the columns that it, or anybody after it, looks at. The last is for what follows conditions.</summary>
    readonly bool[][] _needed;
    readonly List<ScanTest> _tests;
    readonly bool[] _isTested;
    readonly ulong* _bits;
    readonly ulong* _room;
    readonly List<ScanFilter> _filters = [];
    readonly GroupFacts _facts;
    readonly GroupConditions _groupConditions;
    readonly int[] _outputs;
    AggregateWhole? _whole;
    ScanFirst? _first;
    ScanSeries? _series;

    /// <summary>False: of groups that come in the order of the sort above all others are too late.</summary>
    bool _wantsGroups = true;
    bool _allPass;
    bool _isAsked;
    ScanUnit _unit;
    ulong _vectors;

    internal ColumnScan(int scan, Tail tail, EngineContext context) : base(tail, context)
    {
        int columns = tail.RawTypes.Length;
        int conditions = tail.Conditions.Length;
        _scan = scan;
        _columns = new ScanColumns(scan, tail.RawTypes, context, Stats);
        _conditionColumns = new bool[conditions][];
        _needed = new bool[conditions + 1][];
        _needed[conditions] = tail.Wanted.ToArray();
        for (int i = conditions - 1; i >= 0; i--)
        {
            _conditionColumns[i] = new bool[columns];
            tail.Conditions[i].MarkColumns(_conditionColumns[i]);
            _needed[i] = (bool[])_needed[i + 1].Clone();
            tail.Conditions[i].MarkColumns(_needed[i]);
        }

        _tests = ScanTest.Find(tail.Conditions, context.Host);
        _isTested = new bool[conditions];
        _bits = Mask.Room(context.Host);
        _room = Mask.Room(context.Host);
        _delta = new RawColumns(_needed[0], context.Host.Memory);
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

    public override void OfferFirst(int column, FirstRanks first, bool tells) => _first = ScanFirst.Of(Tail.Output(column), first, tells);

    public override void OfferSeries(int[] series, int time, SeriesFirsts firsts)
    {
        if (Tail.RawColumns(series) is { } rawSeries && Tail.RawColumn(time) is { } rawTime)
        {
            _series = new ScanSeries(rawSeries, rawTime, firsts, Context.Host.Memory);
        }
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
                    int vector = _first?.Next(_vectors) ?? _series?.Next(_vectors) ?? BitOperations.TrailingZeroCount(_vectors);
                    _vectors &= ~(1UL << vector);
                    batch = ReadVector(vector);
                    SkipLate();
                    break;
                case ScanUnitKind.Delta when Context.Host.ScanRows(_scan, _delta.Values, _delta.Nulls, Batch.Capacity) is var rows and > 0:
                    batch = ReadDelta(_delta.Show(rows));
                    break;
                default:
                    if (!MoveOn())
                    {
                        _nearest?.End();
                        return null;
                    }

                    break;
            }

            if (batch != null)
            {
                return batch;
            }
        }
    }

    /// <summary>Leaves out vectors that who sorts has no use for any more, since there are rows enough before theirs.</summary>
    void SkipLate()
    {
        if ((_first != null || _series != null) && _vectors != 0)
        {
            ulong left = _vectors & (_first?.Vectors(_unit) ?? ulong.MaxValue);
            left = _series?.Vectors(left) ?? left;
            Stats.VectorsSkipped += (ulong)BitOperations.PopCount(_vectors & ~left);
            _vectors = left;
        }
    }

    /// <summary>The host has started its own side.</summary>
    protected override void Restart()
    {
        _unit = default;
        _vectors = 0;
        _filters.Clear();
        _nearest?.Begin(null);
        _first = null;
        _ranges = null;
        _wantsGroups = true;
        _isAsked = false;
    }

    /// <summary>Of a group only some vectors are wanted.</summary>
    void Enter(ulong wanted)
    {
        _vectors = _unit.Vectors & wanted;
        _allPass = false;
        if (_unit.Kind == ScanUnitKind.Group)
        {
            _columns.Enter(_unit);
            _tests.ForEach(t => t.Enter());
            if (_nearest is { IsAsked: true })
            {
                _vectors &= _nearest.Enter(_unit);
            }

            int all = (_unit.Rows + Batch.Capacity - 1) / Batch.Capacity;
            _filters.ForEach(f => _vectors &= f.Vectors(_unit));
            _first?.Enter();
            ulong early = _first?.Vectors(_unit) ?? ulong.MaxValue;
            _wantsGroups = early != 0;
            _vectors &= early;
            if (_series != null && _vectors != 0)
            {
                _series.Enter(_unit);
                _vectors = _series.Vectors(_vectors);
            }

            int left = BitOperations.PopCount(_vectors);
            if (left == all && TryHandOn())
            {
                _vectors = 0;
                return;
            }

            if (!IsRanged)
            {
                Stats.GroupsRead += left > 0 ? 1UL : 0;
                Stats.GroupsSkipped += left > 0 ? 0UL : 1;
                Stats.VectorsSkipped += (ulong)(left > 0 ? all - left : 0);
            }
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
        int count = GroupFormat.RowsOf(_unit.Rows, vector);
        Batch raw = _columns.Batch;
        Stats.VectorsRead++;
        _columns.Begin(vector, count);
        if (_nearest is { IsFound: true })
        {
            return ReadFound(_nearest, vector);
        }

        int seen = See(vector, count);
        seen = IsRanged ? InRange(vector, count, seen) : seen;
        int left = _allPass ? seen : Test(vector, count, seen);
        bool isBounded = left > 0 && _first != null && _first.TrySelect(_unit, vector, _room);
        if (isBounded)
        {
            int passing = left;
            left = KeepRoom(count);
            seen -= passing - left;
        }

        Rows rows = left == count ? Rows.All(count) : new Rows(Tail.Selected, Mask.Choose(_bits, Rows.All(count), Tail.Selected));
        for (int i = 0; !_allPass && i < _conditionColumns.Length && rows.Count > 0; i++)
        {
            if (!_isTested[i])
            {
                rows = Narrow(rows, i);
                _columns.Load(_conditionColumns[i]);
                rows = new Rows(Tail.Selected, Tail.Conditions[i].Filter(raw, rows, Tail.Selected));
            }
        }

        Stats.Filtered += (ulong)(seen - rows.Count);
        int passed = rows.Count;
        for (int i = 0; i < _filters.Count && rows.Count > 0; i++)
        {
            if (_filters[i].IsAwake())
            {
                rows = Narrow(rows, _conditionColumns.Length);
                _columns.Load(_filters[i].Column);
                rows = _filters[i].Keep(raw, rows, Tail.Selected);
            }
        }

        Stats.Unmatched += (ulong)(passed - rows.Count);
        if (rows.Count > 0 && _nearest is { IsAsked: true })
        {
            rows = Near(_nearest, vector, Narrow(rows, _conditionColumns.Length));
        }

        if (rows.Count > 0 && _first != null && _first.KeepsAfter(isBounded))
        {
            rows = Narrow(rows, _conditionColumns.Length);
            _columns.Load(_first.Column);
            rows = _first.Keep(raw, rows, Tail.Selected);
        }

        if (rows.Count > 0 && _series is { IsOn: true })
        {
            rows = Narrow(rows, _conditionColumns.Length);
            Array.ForEach(_series.Series, _columns.Load);
            _columns.Load(_series.Time);
            rows = _series.Keep(raw, rows, Tail.Selected);
        }

        if (rows.Count == 0)
        {
            return null;
        }

        rows = Narrow(rows, _conditionColumns.Length);
        _columns.Load(Tail.Wanted);
        return Tail.Project(raw, rows, Stats);
    }

    /// <summary>Rows that are gone are not decoded any more, and expressions find the others side by side.</summary>
    Rows Narrow(Rows rows, int condition)
    {
        _columns.Narrow(rows, _needed[condition]);
        return Rows.All(rows.Count);
    }

    /// <summary>A bit for each row of a vector that the snapshot sees; says how many there are.</summary>
    int See(int vector, int count)
    {
        ulong* gone = _unit.Gone == null ? null : _unit.Gone + (vector * Mask.Words);
        LaneRanges.Fill(_bits, count, true);
        int seen = count;
        for (int word = 0; gone != null && word < BitSelect.Words(count); word++)
        {
            seen -= BitOperations.PopCount(_bits[word] & gone[word]);
            _bits[word] &= ~gone[word];
        }

        return seen;
    }

    /// <summary>Takes out rows that conditions exclude by what is encoded; says how many are left.</summary>
    int Test(int vector, int count, int left)
    {
        ulong begun = Context.Options.Timing ? Context.Host.Now() : 0;
        if (!_isAsked && left > 0 && !Tail.Conditions.IsEmpty)
        {
            Tail.Conditions[0].Ask();
            _isAsked = true;
        }

        ulong vectors = _vectors | (1UL << vector);
        Array.Clear(_isTested);
        for (int i = 0; i < _tests.Count && left > 0; i++)
        {
            if (!_tests[i].TrySelect(_unit, vector, left, vectors, _isTested, _room, out bool wasRead))
            {
                continue;
            }

            left = KeepRoom(count);
            if (wasRead)
            {
                _columns.Touch(_tests[i].Column);
            }
        }

        Stats.DecodeTime += Context.Options.Timing ? Context.Host.Now() - begun : 0;
        return left;
    }

    /// <summary>Takes out rows that have no bit in the room; says how many are left.</summary>
    int KeepRoom(int count)
    {
        int left = 0;
        for (int word = 0; word < BitSelect.Words(count); word++)
        {
            _bits[word] &= _room[word];
            left += BitOperations.PopCount(_bits[word]);
        }

        return left;
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
        if (rows.Count > 0 && _nearest is { IsAsked: true })
        {
            rows = _nearest.Keep(raw, rows, Tail.Selected);
        }

        if (rows.Count > 0 && _first != null && _first.KeepsAfter(false))
        {
            rows = _first.Keep(raw, rows, Tail.Selected);
        }

        if (rows.Count > 0 && _series is { IsOn: true })
        {
            rows = _series.KeepDelta(raw, rows, Tail.Selected);
        }

        return rows.Count == 0 ? null : Tail.Project(raw, rows, Stats);
    }
}
