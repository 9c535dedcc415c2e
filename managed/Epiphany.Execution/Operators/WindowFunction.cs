// Execution layer, operators. What a function of a window is, and which ones there are. OIDs are those of pg_proc.dat, fixed for all servers.

using System;

namespace Epiphany.Execution;

/// <summary>Computes a column for the rows of a chunk. What it says of rows that it looks at may change with each run's start.</summary>
abstract class WindowFunction(ValueType type, params Expression[] arguments)
{
    const long AggregateWord = 1;

    internal ValueType Type { get; } = type;

    /// <summary>Its partition's last row must have come.</summary>
    internal virtual bool NeedsPartition => false;

    /// <summary>The last one of a row's peers must have come.</summary>
    internal virtual bool NeedsPeers => false;

    internal virtual bool NeedsFrame => false;

    /// <summary>So many rows behind the current one must have come, if the partition has them.</summary>
    internal virtual long Ahead => 0;

    /// <summary>How far it looks back from the current row; long.MaxValue: to the first row of the partition.</summary>
    internal virtual long Behind => 0;

    internal virtual ulong Bytes => 0;

    /// <summary>Reads the words of one function: is it an aggregate, then what it is.</summary>
    internal static WindowFunction Read(
        ref ProgramReader reader, ExpressionBuilder expressions, WindowFrame frame, WindowRows rows, EngineContext context)
    {
        if (reader.Word() == AggregateWord)
        {
            return new WindowAggregate(new AggregateCall(ref reader, expressions, 0, context), frame, rows, context.Host);
        }

        uint function = reader.Oid();
        ValueType type = reader.Type();
        Expression[] arguments = expressions.Expressions(ref reader);
        switch (function)
        {
            case >= 3100 and <= 3104:
                return new WindowRank((WindowRankKind)function, type, context.Host.Memory);
            case 3105:
                return new WindowTile(type, arguments[0], rows, context.Host);
            case >= 3106 and <= 3108:
                return new WindowOffset(false, type, arguments, rows, context.Host);
            case >= 3109 and <= 3111:
                return new WindowOffset(true, type, arguments, rows, context.Host);
            case >= 3112 and <= 3114:
                return new WindowValue((WindowValueKind)function, type, arguments, frame, rows, context.Host);
            default:
                Throw.BadProgram($"window function {function}");
                return null;
        }
    }

    internal virtual void MarkColumns(Span<bool> columns)
    {
        foreach (Expression argument in arguments)
        {
            argument.MarkColumns(columns);
        }
    }

    /// <summary>A run begins.</summary>
    internal virtual void Start() => Array.ForEach(arguments, a => a.Start());

    internal abstract void Evaluate(WindowChunk chunk, Vector result);
}
