// Execution layer, operators. Hash join: takes in the inner side, whole, or in parts where memory has no room for it.

using System;
using System.Collections.Generic;

namespace Epiphany.Execution;

sealed unsafe partial class HashJoin
{
    /// <summary>Fewer rows than these are never too many, unless they take more bytes than that.</summary>
    const int MinSpilled = 4 * Batch.Capacity;
    const ulong LeastSpilled = 1 << 20;

    readonly Stack<JoinPart> _parts = [];

    /// <summary>The part in hand; null: the sides as they come.</summary>
    JoinPart? _part;

    void Build()
    {
        _built = true;
        AskOuter();
        Fill(level: 0);
        if (_parts.Count > 0)
        {
            NextPart();
        }
        else if (_filters != null && _side.KeyCount > 0)
        {
            _filters.Offer(_outer, _side);
            Stats.PeakMemory = Math.Max(Stats.PeakMemory, _side.Bytes + _filters.Bytes);
        }
    }

    /// <summary>What smaller joins of the outer side know of keys takes rows from the inner one, unless those without a match are kept.</summary>
    void AskOuter()
    {
        _outer.Prepare(_inner.Expected);
        for (int i = 0; !KeepsInner && i < _outerKeys.Length; i++)
        {
            if (_outerKeys[i] is ColumnReference outer && _innerKeys[i] is ColumnReference inner && _probe.Columns[i].Kind == KeyKind.Datum
                && _outer.Known(outer.Column) is { } keys)
            {
                _inner.Offer(inner.Column, keys);
            }
        }
    }

    /// <summary>Keeps the rows of the inner side, or of the part in hand; if there are too many, deals both sides out to new parts.</summary>
    void Fill(int level)
    {
        while (NextInner() is { } batch)
        {
            _side.Add(batch);
            Stats.PeakMemory = Math.Max(Stats.PeakMemory, _side.Bytes);
            if (_side.Bytes > Context.Options.HashMemory && (_side.Rows.Count >= MinSpilled || _side.Bytes > LeastSpilled)
                && level < JoinPart.MaxLevel)
            {
                Deal(level);
                _side.Reset();
                return;
            }
        }

        Stats.HashEntries += (ulong)_side.Rows.Count;

        // Nothing to find, and nobody who is kept without: the outer side is not asked.
        _outerEnded = _side.KeyCount == 0 && !KeepsOuter;
    }

    /// <summary>All rows of both sides, those kept so far included, to the parts of a level.</summary>
    void Deal(int level)
    {
        IExecutionHost host = Context.Host;
        RowFile[] inner = JoinDealer.Files(_inner.Types, _innerKept, host);
        RowFile[] outer = JoinDealer.Files(_outer.Types, _outerKept, host);
        var stored = new Batch(_inner.Types.Length);
        for (int done = 0; done < _side.Rows.Count; done += Batch.Capacity)
        {
            stored.Rows = Math.Min(Batch.Capacity, _side.Rows.Count - done);
            for (int i = 0; i < stored.Rows; i++)
            {
                _pairInner[i] = done + i;
            }

            _side.Rows.Gather(_pairInner, stored.Rows, stored, 0);
            _innerDealer.Deal(stored, inner, level);
        }

        while (NextInner() is { } batch)
        {
            _innerDealer.Deal(batch, inner, level);
        }

        while (NextOuterBatch() is { } batch)
        {
            _outerDealer.Deal(batch, outer, level);
        }

        _part?.Inner.Close();
        _part?.Outer.Close();
        _part = null;
        for (int i = 0; i < HashParts.Count; i++)
        {
            inner[i].Rewind();
            outer[i].Rewind();
            Stats.SpilledParts++;
            Stats.SpilledBytes += inner[i].Bytes + outer[i].Bytes;
            _parts.Push(new JoinPart(inner[i], outer[i], level + 1));
        }
    }

    /// <summary>On to the next part that can have rows in the result; false: there is none.</summary>
    bool NextPart()
    {
        _part?.Inner.Close();
        _part?.Outer.Close();
        _part = null;
        while (_parts.TryPop(out JoinPart part))
        {
            _part = part;
            _side.Reset();
            _innerRow = 0;
            _outerEnded = false;
            Fill(part.Level);
            if (_part != null)
            {
                return true;
            }
        }

        return false;
    }

    Batch? NextInner()
    {
        if (_innerSlices.Next() is { } slice)
        {
            return slice;
        }

        Context.Host.Poll();
        _innerSlices.Begin(_part is { } part ? part.Inner.Read() : _inner.Next());
        return _innerSlices.Next();
    }

    Batch? NextOuterBatch()
    {
        Context.Host.Poll();
        return _part is { } part ? part.Outer.Read() : _outer.Next();
    }

    void ForgetParts()
    {
        _innerSlices.Begin(null);
        _part?.Inner.Close();
        _part?.Outer.Close();
        _part = null;
        while (_parts.TryPop(out JoinPart part))
        {
            part.Inner.Close();
            part.Outer.Close();
        }
    }
}
