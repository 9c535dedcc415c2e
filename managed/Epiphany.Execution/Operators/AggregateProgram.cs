// Execution layer, operators. An aggregate node as the program describes it.

using System;

namespace Epiphany.Execution;

/// <summary>
/// A grouping set: the keys, by number, that it groups by; in its rows the others are null, and each GROUPING() is what it says. Without keys it
/// is one group, and if it is not hashed also of no rows.
/// </summary>
readonly record struct AggregateSetProgram(bool IsHashed, int[] Keys, int[] Groupings);

/// <summary>Reads the words before the child; README.md of the layer has their order.</summary>
sealed class AggregateProgram
{
    const int Hashed = 1;

    internal AggregateProgram(ref ProgramReader reader, ExpressionBuilder expressions, EngineContext context)
    {
        int split = reader.Int();
        GroupsExpected = reader.Double();
        Keys = KeyPart.Read(ref reader);
        Sets = new AggregateSetProgram[reader.Count()];
        for (int i = 0; i < Sets.Length; i++)
        {
            Sets[i] = new AggregateSetProgram(reader.Int() == Hashed, Numbers(ref reader), Numbers(ref reader));
        }

        Calls = new AggregateCall[reader.Count()];
        for (int i = 0; i < Calls.Length; i++)
        {
            Calls[i] = new AggregateCall(ref reader, expressions, split, context);
            for (int other = 0; other < i && Calls[i].Shared == null; other++)
            {
                Calls[i].Share(Calls[other], other);
            }
        }

        Others = Numbers(ref reader);
    }

    internal double GroupsExpected { get; }

    internal KeyPart[] Keys { get; }

    /// <summary>At least one.</summary>
    internal AggregateSetProgram[] Sets { get; }

    internal AggregateCall[] Calls { get; }

    /// <summary>How many rows of their own the aggregates keep sorted, in all sets.</summary>
    internal int Sorts => Array.FindAll(Calls, c => c.Host != null && c.Shared == null).Length * Sets.Length;

    /// <summary>Columns of the child of which any row's value will do.</summary>
    internal int[] Others { get; }

    /// <summary>Where all aggregates look at rows of the same end, and there is one set of keys; null: they do not.</summary>
    internal AggregateEnd? End
    {
        get
        {
            AggregateEnd? end = Calls.Length > 0 && Sets.Length == 1 && Keys.Length > 0 && Sets[0].Keys.Length == Keys.Length ? Calls[0].End : null;
            return Array.TrueForAll(Calls, c => c.End == end) ? end : null;
        }
    }

    /// <summary>Which of the child's columns are looked at.</summary>
    internal bool[] Wanted(int columns)
    {
        var wanted = new bool[columns];
        Array.ForEach(Keys, k => wanted[k.Column] = true);
        Array.ForEach(Calls, c => c.MarkColumns(wanted));
        Array.ForEach(Others, o => wanted[o] = true);
        return wanted;
    }

    /// <summary>What aggregates are to take in of a batch, whose rows any number of grouping sets then take in.</summary>
    internal void Load(Batch batch)
    {
        foreach (AggregateCall call in Calls)
        {
            if (call.Shared == null)
            {
                call.Load(batch);
            }
        }
    }

    static int[] Numbers(ref ProgramReader reader)
    {
        var numbers = new int[reader.Count()];
        for (int i = 0; i < numbers.Length; i++)
        {
            numbers[i] = reader.Int();
        }

        return numbers;
    }
}
