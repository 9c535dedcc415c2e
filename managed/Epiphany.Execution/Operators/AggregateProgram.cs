// Execution layer, operators. An aggregate node as the program describes it.

namespace Epiphany.Execution;

/// <summary>A key: a column of the child, and how its values are equal.</summary>
readonly record struct AggregateKey(int Column, uint Equality, uint Collation);

/// <summary>Reads the words before the child; README.md of the layer has their order.</summary>
sealed class AggregateProgram
{
    const int Hashed = 1;

    internal AggregateProgram(ref ProgramReader reader, ExpressionBuilder expressions, EngineContext context)
    {
        IsHashed = reader.Int() == Hashed;
        int split = reader.Int();
        GroupsExpected = reader.Double();
        Keys = new AggregateKey[reader.Count()];
        for (int i = 0; i < Keys.Length; i++)
        {
            Keys[i] = new AggregateKey(reader.Int(), reader.Oid(), reader.Oid());
        }

        Calls = new AggregateCall[reader.Count()];
        for (int i = 0; i < Calls.Length; i++)
        {
            Calls[i] = new AggregateCall(ref reader, expressions, split, Keys.Length > 0, context);
            for (int other = 0; other < i && !Calls[i].IsShared; other++)
            {
                Calls[i].Share(Calls[other]);
            }
        }

        Others = new int[reader.Count()];
        for (int i = 0; i < Others.Length; i++)
        {
            Others[i] = reader.Int();
        }
    }

    internal bool IsHashed { get; }

    internal double GroupsExpected { get; }

    internal AggregateKey[] Keys { get; }

    internal AggregateCall[] Calls { get; }

    /// <summary>Columns of the child of which any row's value will do.</summary>
    internal int[] Others { get; }

    /// <summary>Which of the child's columns are looked at.</summary>
    internal bool[] Wanted(int columns)
    {
        var wanted = new bool[columns];
        System.Array.ForEach(Keys, k => wanted[k.Column] = true);
        System.Array.ForEach(Calls, c => c.MarkColumns(wanted));
        System.Array.ForEach(Others, o => wanted[o] = true);
        return wanted;
    }
}
