// Execution layer, expressions. Conditions as bits of rows: cheaper than lists where several conditions meet, and none of them can raise an error.

using System;
using Epiphany.Kernels;

namespace Epiphany.Execution;

/// <summary>A condition that can be asked of all rows at once, whether they count or not.</summary>
unsafe interface IMaskable
{
    /// <summary>False: never, with these arguments. Asked when the expression is made.</summary>
    bool MayMask { get; }

    /// <summary>
    /// A bit for each of the first <paramref name="count"/> rows, set where the condition is true; the rest of the last word is zero. False: it
    /// cannot be told without evaluating something that might raise an error or cost more; then the bits are anything.
    /// </summary>
    bool TryMask(Batch batch, int count, ulong* bits);
}

static unsafe class Mask
{
    internal const int Words = Batch.Capacity / 64;

    internal static ulong* Room(IExecutionHost host) => (ulong*)host.Memory.Allocate(Words * sizeof(ulong));

    /// <summary>A column, or a value that is known by now: evaluating it touches nothing but lanes.</summary>
    internal static bool IsAtHand(Expression argument) => MayBeAtHand(argument) && argument.IsTotal;

    internal static bool MayBeAtHand(Expression argument) => argument is ColumnReference or Constant or Parameter or RunConstant;

    internal static bool MayMask(ReadOnlySpan<Expression> arguments)
    {
        foreach (Expression argument in arguments)
        {
            if (argument is not IMaskable { MayMask: true })
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Rows up to the last that counts; 0 where so few of them count that asking all is not worth it.</summary>
    internal static int Span(Rows rows)
    {
        const int Share = 8;
        int span = rows.IsAll || rows.Count == 0 ? rows.Count : rows.Index[rows.Count - 1] + 1;
        return rows.Count * Share >= span ? span : 0;
    }

    /// <summary>Those of the rows whose bits are set.</summary>
    internal static int Choose(ulong* bits, Rows rows, ushort* selected)
    {
        int count = 0;
        if (rows.IsAll)
        {
            for (int r = 0; r < rows.Count; r += 64)
            {
                count = RowNumbers.AppendWord(bits[r / 64], r, selected, count);
            }

            return count;
        }

        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows.Index[i];
            selected[count] = (ushort)row;
            count += (int)(bits[row / 64] >> (row % 64)) & 1;
        }

        return count;
    }

    /// <summary>Of a junction's arguments, all of which may be masked.</summary>
    internal static bool TryJoin(ReadOnlySpan<Expression> arguments, bool isOr, Batch batch, int count, ulong* bits, ulong* room)
    {
        for (int a = 0; a < arguments.Length; a++)
        {
            if (!((IMaskable)arguments[a]).TryMask(batch, count, a == 0 ? bits : room))
            {
                return false;
            }

            for (int i = 0; a > 0 && i < BitSelect.Words(count); i++)
            {
                bits[i] = isOr ? bits[i] | room[i] : bits[i] & room[i];
            }
        }

        return true;
    }
}
