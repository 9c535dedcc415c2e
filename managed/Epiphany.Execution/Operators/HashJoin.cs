// Execution layer, operators. Hash join: keeps the inner side's rows, then lets the outer side's batches find theirs. Works by pairs of an
// outer row of the batch in hand and an inner row; -1 stands for a row of nulls.

using System;

namespace Epiphany.Execution;

sealed unsafe partial class HashJoin : Operator
{
    const int None = JoinSide.None;

    readonly JoinKind _kind;
    readonly Operator _outer;
    readonly Operator _inner;
    readonly Expression[] _outerKeys;
    readonly Expression[] _innerKeys;
    readonly Vector[] _outerVectors;
    readonly Expression[] _conditions;
    readonly KeyBatch _probe;
    readonly JoinSide _side;
    readonly int _outerColumns;
    readonly int* _found;
    readonly byte* _outerMatched;
    readonly int* _pairOuter;
    readonly int* _pairInner;
    readonly JoinPairs _pairs;
    readonly bool[] _outerKept;
    readonly bool[] _innerKept;
    readonly RowSlices _innerSlices;
    readonly JoinFilters? _filters;
    readonly JoinDealer _innerDealer;
    readonly JoinDealer _outerDealer;
    bool _built;
    bool _outerEnded;
    Batch? _batch;

    /// <summary>The outer row in hand and the inner row that is its next candidate.</summary>
    int _row;
    int _candidate;
    bool _unmatchedDone;
    int _innerRow;

    internal HashJoin(in HashJoinPlan plan, Tail tail, EngineContext context) : base(tail, context)
    {
        IExecutionHost host = context.Host;
        _kind = plan.Kind;
        _outer = plan.Outer;
        _inner = plan.Inner;
        _outerKeys = plan.OuterKeys;
        _innerKeys = plan.InnerKeys;
        _outerVectors = new Vector[plan.OuterKeys.Length];
        _conditions = plan.Conditions;
        _outerColumns = plan.Outer.Types.Length;
        _probe = Side(plan.OuterKeys, plan, host);
        bool[] wanted = Columns(tail, plan.Conditions);
        _outerKept = wanted[.._outerColumns];
        _innerKept = wanted[_outerColumns..];
        Array.ForEach(plan.OuterKeys, e => e.MarkColumns(_outerKept));
        Array.ForEach(plan.InnerKeys, e => e.MarkColumns(_innerKept));
        KeyBatch inner = Side(plan.InnerKeys, plan, host);
        _innerSlices = new RowSlices(plan.Inner.Types, _innerKept, host.Memory);
        _side = new JoinSide(plan.InnerKeys, inner, plan.Equalities, plan.Collations, plan.Inner.Types, _innerKept, MarksInner, host);
        _filters = KeepsOuter ? null : new JoinFilters(plan.OuterKeys, _probe.Columns, _kind == JoinKind.RightSemi, host);
        _innerDealer = new JoinDealer(plan.InnerKeys, inner, host);
        _outerDealer = new JoinDealer(plan.OuterKeys, _probe, host);
        _found = (int*)host.Memory.Allocate(Batch.Capacity * sizeof(int));
        _outerMatched = host.Memory.Allocate(Batch.Capacity);
        _pairOuter = (int*)host.Memory.Allocate(Batch.Capacity * sizeof(int));
        _pairInner = (int*)host.Memory.Allocate(Batch.Capacity * sizeof(int));
        _pairs = new JoinPairs(wanted, Columns(null, plan.Conditions), _outerColumns, _side.Rows, host.Memory);
    }

    bool KeepsOuter => _kind is JoinKind.Left or JoinKind.Full or JoinKind.Anti;

    bool KeepsInner => _kind is JoinKind.Right or JoinKind.Full or JoinKind.RightAnti;

    /// <summary>Inner rows are given when all outer rows have marked theirs.</summary>
    bool MarksInner => KeepsInner || _kind == JoinKind.RightSemi;

    /// <summary>
    /// To the side that the column is of, unless the other side's rows would then look as if they had no match. And to the other side, by a key that
    /// is equal to the column, where nobody is kept without a match.
    /// </summary>
    public override bool Offer(int column, KeyFilter keys)
    {
        if (Tail.RawColumn(column) is not { } raw)
        {
            return false;
        }

        bool isOuter = raw < _outerColumns;
        if (isOuter ? MarksInner : KeepsOuter)
        {
            return false;
        }

        Operator side = isOuter ? _outer : _inner;
        Operator other = isOuter ? _inner : _outer;
        int own = isOuter ? raw : raw - _outerColumns;
        bool isTaken = side.Offer(own, keys);
        if (_kind is JoinKind.Inner or JoinKind.Semi or JoinKind.RightSemi && OtherKey(isOuter, own) is { } key)
        {
            isTaken |= other.Offer(key, keys);
        }

        return isTaken;
    }

    public override void Prepare(double rows)
    {
        _outer.Prepare(rows);
        if (_built || _inner.Expected >= rows)
        {
            return;
        }

        ulong begun = Context.Options.Timing ? Context.Host.Now() : 0;
        Build();
        Stats.Time += Context.Options.Timing ? Context.Host.Now() - begun : 0;
    }

    /// <summary>A key's column has values of the inner side's keys only, where no outer row comes without a match.</summary>
    public override KeyFilter? Known(int column) =>
        Tail.RawColumn(column) is { } raw && raw < _outerColumns
            ? _filters?.Known(raw, _side) ?? _outer.Known(raw)
            : null;

    protected override Batch? Produce()
    {
        if (!_built)
        {
            Build();
        }

        do
        {
            while (NextPairs(out int count))
            {
                if (count > 0 && Tail.Apply(_pairs.Show(_batch, _pairOuter, _pairInner, count), Stats) is { } batch)
                {
                    return batch;
                }
            }
        }
        while (NextPart());

        return null;
    }

    protected override void Restart()
    {
        Array.ForEach(_outerKeys, e => e.Start());
        _side.Start();
        Array.ForEach(_conditions, e => e.Start());
        _outer.Rescan();
        _inner.Rescan();
        ForgetParts();
        _side.Reset();
        _filters?.Clear();
        _built = false;
        _outerEnded = false;
        _batch = null;
        _innerRow = 0;
    }

    /// <summary>The next pairs that belong to the result, perhaps none; false at the end.</summary>
    bool NextPairs(out int count)
    {
        count = 0;
        while (!_outerEnded)
        {
            if (_batch == null)
            {
                NextOuter();
                continue;
            }

            if (_row < _batch.Rows)
            {
                count = Judge(Candidates());
                return true;
            }

            if (KeepsOuter && !_unmatchedDone)
            {
                _unmatchedDone = true;
                count = UnmatchedOuter();
                return true;
            }

            _batch = null;
        }

        _batch = null;
        if (!MarksInner || _innerRow >= _side.Rows.Count)
        {
            return false;
        }

        count = LateInner();
        return true;
    }

    void NextOuter()
    {
        _batch = NextOuterBatch();
        if (_batch == null)
        {
            _outerEnded = true;
            return;
        }

        for (int i = 0; i < _outerKeys.Length; i++)
        {
            _outerVectors[i] = _outerKeys[i].Evaluate(_batch, Rows.All(_batch.Rows));
        }

        _side.Find(_probe, _outerVectors, _batch.Rows, _found);
        new Span<byte>(_outerMatched, _batch.Rows).Clear();
        _row = 0;
        _candidate = _found[0];
        _unmatchedDone = false;
    }

    /// <summary>Outer rows of the batch with inner rows of the same key, until the batch is through or the arrays are full.</summary>
    int Candidates()
    {
        int rows = _batch!.Rows;
        int count = 0;
        bool firstOnly = _conditions.Length == 0 && _kind is JoinKind.Semi or JoinKind.Anti;
        if (_side.IsUnique || firstOnly)
        {
            for (; _row < rows; _row++)
            {
                _pairOuter[count] = _row;
                _pairInner[count] = _found[_row];
                count += _found[_row] != None ? 1 : 0;
            }

            return count;
        }

        while (count < Batch.Capacity)
        {
            if (_candidate == None)
            {
                if (++_row == rows)
                {
                    break;
                }

                _candidate = _found[_row];
                continue;
            }

            _pairOuter[count] = _row;
            _pairInner[count++] = _candidate;
            _candidate = _side.Next(_candidate);
        }

        return count;
    }

    /// <summary>Candidates that pass the join's conditions are matches; which of them are rows of the result, the kind of join says.</summary>
    int Judge(int count)
    {
        count = _pairs.Filter(_conditions, _batch!, _pairOuter, _pairInner, count);
        int left = 0;
        switch (_kind)
        {
            case JoinKind.Inner:
                return count;

            case JoinKind.Semi:
                for (int i = 0; i < count; i++)
                {
                    int row = _pairOuter[i];
                    bool isFirst = _outerMatched[row] == 0;
                    _outerMatched[row] = 1;
                    _pairOuter[left] = row;
                    _pairInner[left] = _pairInner[i];
                    left += isFirst ? 1 : 0;
                }

                return left;
        }

        for (int i = 0; KeepsOuter && i < count; i++)
        {
            _outerMatched[_pairOuter[i]] = 1;
        }

        for (int i = 0; MarksInner && i < count; i++)
        {
            _side.Mark(_pairInner[i]);
        }

        return _kind is JoinKind.Anti or JoinKind.RightAnti or JoinKind.RightSemi ? 0 : count;
    }

    int UnmatchedOuter()
    {
        int count = 0;
        for (int row = 0; row < _batch!.Rows; row++)
        {
            _pairOuter[count] = row;
            _pairInner[count] = None;
            count += _outerMatched[row] == 0 ? 1 : 0;
        }

        return count;
    }

    /// <summary>Inner rows without a match, or of RightSemi those that have one.</summary>
    int LateInner()
    {
        bool wantsMatched = _kind == JoinKind.RightSemi;
        int count = 0;
        for (; _innerRow < _side.Rows.Count && count < Batch.Capacity; _innerRow++)
        {
            _pairOuter[count] = None;
            _pairInner[count] = _innerRow;
            count += _side.IsMarked(_innerRow) == wantsMatched ? 1 : 0;
        }

        return count;
    }

    /// <summary>The column of the other side that a column of one side is compared with, both being integers.</summary>
    int? OtherKey(bool isOuter, int column)
    {
        Expression[] keys = isOuter ? _outerKeys : _innerKeys;
        for (int i = 0; i < keys.Length; i++)
        {
            if (keys[i] is ColumnReference key && key.Column == column && _probe.Columns[i].Kind == KeyKind.Datum)
            {
                return ((isOuter ? _innerKeys : _outerKeys)[i] as ColumnReference)?.Column;
            }
        }

        return null;
    }

    static KeyBatch Side(Expression[] keys, in HashJoinPlan plan, IExecutionHost host)
    {
        var columns = new KeyColumn[keys.Length];
        for (int i = 0; i < columns.Length; i++)
        {
            KeyKind kind = KeyKinds.Of(plan.Equalities[i], plan.Collations[i], keys[i].Type.Oid);
            columns[i] = new KeyColumn(keys[i].Type, kind, plan.Collations[i], host);
        }

        return new KeyBatch(columns, host);
    }

    /// <summary>Raw columns that conditions, and what follows the join, look at.</summary>
    bool[] Columns(Tail? tail, Expression[] conditions)
    {
        bool[] columns = tail == null ? new bool[Tail.RawTypes.Length] : tail.Wanted.ToArray();
        foreach (Expression condition in conditions)
        {
            condition.MarkColumns(columns);
        }

        for (int i = 0; tail != null && i < tail.Conditions.Length; i++)
        {
            tail.Conditions[i].MarkColumns(columns);
        }

        return columns;
    }
}

/// <summary>What a program says of a hash join. Keys are expressions over the columns of their side, conditions over both.</summary>
readonly record struct HashJoinPlan(
    JoinKind Kind, Operator Outer, Operator Inner, Expression[] OuterKeys, Expression[] InnerKeys, uint[] Equalities, uint[] Collations,
    Expression[] Conditions);
