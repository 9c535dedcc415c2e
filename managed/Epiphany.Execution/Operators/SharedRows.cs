// Execution layer, operators. Rows that the processes of a parallel plan compute together, and all get. What they agree on is the host's business.

using System;

namespace Epiphany.Execution;

/// <summary>
/// The child gives each process a part of the rows; by way of files each gets all of them, those of one process after those of another. A
/// process that is alone passes on what its child gives, which is everything. Keys are handed down where all processes know the same, as those
/// of inner sides, which each has whole; rows that this process has no use for another may want.
/// </summary>
sealed class SharedRows : Operator
{
    readonly int _share;
    readonly Operator _child;
    readonly bool[] _all;
    int _members;
    int _member;
    bool _begun;
    RowFile? _file;

    internal SharedRows(int share, Operator child, Tail tail, EngineContext context) : base(tail, context)
    {
        _share = share;
        _child = child;
        _all = new bool[child.Types.Length];
        Array.Fill(_all, true);
    }

    public override bool Offer(int column, KeyFilter keys) => !keys.IsOwn && Tail.RawColumn(column) is { } raw && _child.Offer(raw, keys);

    protected override Batch? Produce()
    {
        if (!_begun)
        {
            Begin();
        }

        while (Take() is { } rows)
        {
            if (Tail.Apply(rows, Stats) is { } batch)
            {
                return batch;
            }
        }

        return null;
    }

    protected override void Restart()
    {
        Close();
        _begun = false;
        _child.Rescan();
    }

    void Begin()
    {
        _begun = true;
        _member = 0;
        _members = Context.Host.ShareBegin(_share, out int number);
        if (number < 0)
        {
            return;
        }

        var file = new RowFile(_child.Types, _all, Context.Host, number) { KeepsDecimals = true };
        while (_child.Next() is { } batch)
        {
            file.Write(batch, Rows.All(batch.Rows));
        }

        file.Flush();
        Context.Host.ShareEnd(_share, number, file.Bytes);
        file.Release();
    }

    Batch? Take()
    {
        if (_members == 0)
        {
            return _child.Next();
        }

        for (; ; )
        {
            Context.Host.Poll();
            if (_file?.Read() is { } batch)
            {
                return batch;
            }

            Close();
            if (_member == _members)
            {
                return null;
            }

            int number = Context.Host.ShareOpen(_share, _member++, out ulong bytes);
            _file = number < 0 ? null : new RowFile(_child.Types, _all, Context.Host, number, bytes);
            Stats.BytesRead += bytes;
        }
    }

    void Close()
    {
        _file?.Close();
        _file = null;
    }
}
