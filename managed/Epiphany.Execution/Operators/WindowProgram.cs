// Execution layer, operators. A window node as the program describes it.

using System;

namespace Epiphany.Execution;

/// <summary>Reads the words before the child; README.md of the layer has their order.</summary>
sealed class WindowProgram
{
    internal WindowProgram(ref ProgramReader reader, ValueType[] raw, ExpressionBuilder expressions, NodeStats stats, EngineContext context)
    {
        IExecutionHost host = context.Host;
        Wanted = new bool[reader.Count()];
        ValueType[] types = raw[..Wanted.Length];
        KeyPart[] partition = KeyPart.Read(ref reader);
        KeyPart[] order = KeyPart.Read(ref reader);
        IsOnePartition = partition.Length == 0;
        Partition = new KeyChanges(partition, types, host);
        Order = new KeyChanges(order, types, host);
        Rows = new WindowRows(types, Wanted, context.Options.SortMemory, stats, host);
        Frame = new WindowFrame(ref reader, expressions, Rows, host);
        Functions = new WindowFunction[reader.Count()];
        for (int i = 0; i < Functions.Length; i++)
        {
            Functions[i] = WindowFunction.Read(ref reader, expressions, Frame, Rows, context);
            for (int other = 0; other < i; other++)
            {
                if (Functions[i] is WindowAggregate aggregate && Functions[other] is WindowAggregate before)
                {
                    aggregate.Share(before);
                }
            }
        }

        Stops = expressions.Expressions(ref reader);
    }

    /// <summary>The child's columns that are looked at, as far as they are kept; to be marked before the first row comes.</summary>
    internal bool[] Wanted { get; }

    internal bool IsOnePartition { get; }

    internal KeyChanges Partition { get; }

    internal KeyChanges Order { get; }

    internal WindowRows Rows { get; }

    internal WindowFrame Frame { get; }

    internal WindowFunction[] Functions { get; }

    /// <summary>Conditions over raw columns: where there is one partition, no row behind one that fails is asked for.</summary>
    internal Expression[] Stops { get; }

    /// <summary>What functions, frame and the node's own expressions look at.</summary>
    internal void Mark(Tail tail)
    {
        var all = new bool[Wanted.Length + Functions.Length];
        tail.Wanted.CopyTo(all);
        foreach (Expression condition in tail.Conditions)
        {
            condition.MarkColumns(all);
        }

        Array.ForEach(Stops, s => s.MarkColumns(all));
        all.AsSpan(0, Wanted.Length).CopyTo(Wanted);
        Array.ForEach(Functions, f => f.MarkColumns(Wanted));
        Frame.MarkColumns(Wanted);
    }
}
