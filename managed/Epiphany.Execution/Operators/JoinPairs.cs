// Execution layer, operators. Pairs of rows of a join as batches: the outer columns from the batch in hand, then the inner ones from the rows kept.

using System;
using Epiphany.Storage;

namespace Epiphany.Execution;

/// <summary>A negative number stands for a row of nulls. Columns that nobody looks at are left out.</summary>
sealed unsafe class JoinPairs(bool[] wanted, bool[] tested, int outerColumns, RowStore inner, IMemory memory)
{
    readonly Batch _batch = new(wanted.Length);
    readonly Batch _candidates = new(wanted.Length);
    readonly VectorBuffer?[] _buffers = new VectorBuffer?[wanted.Length];
    readonly ushort* _passed = (ushort*)memory.Allocate(Batch.Capacity * sizeof(ushort));

    internal Batch Show(Batch? outer, int* outerRows, int* innerRows, int count)
    {
        Fill(_batch, wanted, outer, outerRows, innerRows, count);
        return _batch;
    }

    /// <summary>Leaves the pairs for which all conditions hold.</summary>
    internal int Filter(Expression[] conditions, Batch outer, int* outerRows, int* innerRows, int count)
    {
        if (conditions.Length == 0 || count == 0)
        {
            return count;
        }

        Fill(_candidates, tested, outer, outerRows, innerRows, count);
        Rows rows = Rows.All(count);
        foreach (Expression condition in conditions)
        {
            rows = new Rows(_passed, condition.Filter(_candidates, rows, _passed));
        }

        for (int i = 0; i < rows.Count; i++)
        {
            outerRows[i] = outerRows[rows[i]];
            innerRows[i] = innerRows[rows[i]];
        }

        return rows.Count;
    }

    void Fill(Batch batch, bool[] columns, Batch? outer, int* outerRows, int* innerRows, int count)
    {
        batch.Rows = count;
        bool isAll = outer != null && IsAll(outerRows, count);
        for (int i = 0; i < columns.Length; i++)
        {
            if (!columns[i])
            {
                continue;
            }

            Vector result = batch.Columns[i];
            if (i < outerColumns && isAll)
            {
                result.Refer(outer!.Columns[i]);
                continue;
            }

            VectorBuffer buffer = _buffers[i] ??= new VectorBuffer(memory);
            if (i >= outerColumns)
            {
                inner[i - outerColumns].Gather(innerRows, count, buffer, result);
            }
            else if (outer == null)
            {
                new Span<ulong>(buffer.Values, count).Clear();
                new Span<byte>(buffer.Nulls, count).Fill(1);
                result.SetDatums(buffer.Values, buffer.Nulls);
            }
            else
            {
                Compaction.Pick(outer.Columns[i], outerRows, count, buffer, result);
            }
        }
    }

    /// <summary>Do the numbers count from 0? Then the batch is what it was.</summary>
    static bool IsAll(int* rows, int count)
    {
        if (count == 0 || rows[0] != 0 || rows[count - 1] != count - 1)
        {
            return false;
        }

        for (int i = 1; i < count; i++)
        {
            if (rows[i] != i)
            {
                return false;
            }
        }

        return true;
    }
}
