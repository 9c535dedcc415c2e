// Execution layer. One lowered plan, ready to run; its root's rows as PostgreSQL's Datums.

using System;
using System.Collections.Generic;
using Epiphany.Storage;

namespace Epiphany.Execution;

/// <summary>Made from a program; gives batches until there are no more. Not for use after it threw, but for Rescan.</summary>
sealed unsafe class Engine
{
    readonly Operator _root;
    readonly Dictionary<int, Operator> _nodes;
    readonly DatumForm[] _forms;
    readonly ulong** _values;
    readonly byte** _nulls;

    public Engine(IExecutionHost host, EngineOptions options, long* program, long words)
    {
        ArgumentNullException.ThrowIfNull(host);
        var builder = new PlanBuilder(new EngineContext(host, options));
        var reader = new ProgramReader(program, words);
        _root = builder.Build(ref reader);
        if (!reader.AtEnd)
        {
            Throw.BadProgram("it goes on after its end");
        }

        _nodes = builder.Nodes;
        Columns = _root.Types.Length;
        _forms = new DatumForm[Columns];
        for (int i = 0; i < Columns; i++)
        {
            _forms[i] = new DatumForm(host.Memory);
        }

        nuint room = (nuint)Math.Max(Columns, 1);
        _values = (ulong**)host.Memory.Allocate(room * (nuint)sizeof(ulong*));
        _nulls = (byte**)host.Memory.Allocate(room * (nuint)sizeof(byte*));
    }

    public int Columns { get; }

    /// <summary>How many rows; 0 at the end. The arrays, one of each column, are good until the next call; a null pointer: no nulls.</summary>
    public int Next(out ulong** values, out byte** nulls)
    {
        values = _values;
        nulls = _nulls;
        if (_root.Next() is not { } batch)
        {
            return 0;
        }

        for (int i = 0; i < Columns; i++)
        {
            Vector column = _forms[i].Of(batch.Columns[i], Rows.All(batch.Rows));
            _values[i] = column.Values;
            _nulls[i] = column.Nulls;
        }

        return batch.Rows;
    }

    public void Rescan() => _root.Rescan();

    public void Bound(long rows) => _root.Bound(rows);

    /// <summary>Null for a number that is no node's.</summary>
    public NodeStats? Stats(int node) => _nodes.TryGetValue(node, out Operator? found) ? found.Stats : null;
}
