// Execution layer, operators. OFFSET and LIMIT, also WITH TIES.

using System;

namespace Epiphany.Execution;

/// <summary>
/// Both are evaluated when a run's first row is asked for; a null is none. Where there are <paramref name="ties"/>, rows that are equal by those
/// columns to the last one come, too.
/// </summary>
sealed unsafe class Limit(Operator child, Expression? offset, Expression? count, KeyPart[] ties, Tail tail, EngineContext context)
    : Operator(tail, context)
{
    readonly Neighbours? _ties = ties.Length == 0 ? null : new Neighbours(ties, child.Types, context.Host);
    bool _isTying;
    bool _begun;
    long _skip;
    long _left;

    protected override Batch? Produce()
    {
        if (!_begun)
        {
            Begin();
        }

        while ((_left > 0 || _isTying) && child.Next() is { } raw)
        {
            if (_skip >= raw.Rows)
            {
                _skip -= raw.Rows;
                continue;
            }

            int first = (int)_skip;
            int rows = (int)Math.Min(raw.Rows - first, _left);
            _skip = 0;
            _left -= rows;
            if (_ties != null && _left == 0)
            {
                rows = WithTies(raw, first, rows);
            }

            if (rows > 0 && Take(raw, first, rows) is { } batch)
            {
                return batch;
            }
        }

        return null;
    }

    protected override void Restart()
    {
        _begun = false;
        _isTying = false;
        _ties?.Forget();
        child.Rescan();
    }

    void Begin()
    {
        _begun = true;
        _skip = Value(offset, 0, SqlState.InvalidOffset, "OFFSET must not be negative");
        _left = Value(count, long.MaxValue, SqlState.InvalidLimit, "LIMIT must not be negative");
        child.Bound(_left > long.MaxValue - _skip || _ties != null ? -1 : _skip + _left);
    }

    long Value(Expression? expression, long none, int sqlState, string complaint)
    {
        if (expression == null)
        {
            return none;
        }

        expression.Start();
        Vector value = expression.Evaluate(Batch.NoColumns, Rows.All(1));
        if (value.IsNull(0))
        {
            return none;
        }

        if ((long)value.Values[0] < 0)
        {
            Context.Host.Raise(sqlState, complaint);
        }

        return (long)value.Values[0];
    }

    /// <summary>How many rows there are with those that are equal to the last one, which is of this batch or was given before.</summary>
    int WithTies(Batch raw, int first, int rows)
    {
        if (rows > 0)
        {
            _ties!.Remember(raw, first + rows - 1);
        }

        rows += _ties!.Same(raw, first + rows);
        _isTying = first + rows == raw.Rows;
        return rows;
    }

    Batch? Take(Batch raw, int first, int rows)
    {
        if (first == 0)
        {
            raw.Rows = rows;
            return Tail.Apply(raw, Stats);
        }

        for (int i = 0; i < rows; i++)
        {
            Tail.Selected[i] = (ushort)(first + i);
        }

        // PostgreSQL puts no conditions on this node.
        return Tail.Project(raw, new Rows(Tail.Selected, rows), Stats);
    }
}
