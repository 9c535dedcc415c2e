// Compares an expression with a plain model of it, row by row, over all rows of a batch and over some.

using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using Xunit;

namespace Epiphany.Execution.Tests;

/// <summary>A batch, an expression over it, and what each row is to give.</summary>
internal sealed unsafe class ExpressionsCheck : IDisposable
{
    readonly FakeHost _host;
    readonly Batch _batch;
    readonly List<ulong?[]> _rows = [];
    readonly Expression _expression;
    readonly List<nint> _blocks = [];

    public ExpressionsCheck(FakeHost host, Action<ProgramWriter> expression, params ulong?[][] columns)
    {
        _host = host;
        var writer = new ProgramWriter();
        expression(writer);
        fixed (long* words = writer.Words.ToArray())
        {
            var reader = new ProgramReader(words, writer.Words.Count);
            _expression = new ExpressionBuilder(host).Expression(ref reader);
            Assert.True(reader.AtEnd);
        }

        _batch = new Batch(columns.Length) { Rows = columns[0].Length };
        for (int c = 0; c < columns.Length; c++)
        {
            Fill(_batch.Columns[c], columns[c]);
        }

        for (int r = 0; r < _batch.Rows; r++)
        {
            _rows.Add([.. columns.Select(c => c[r])]);
        }
    }

    /// <summary>The column as the test wants to change it.</summary>
    public Vector Column(int column) => _batch.Columns[column];

    public Expression Expression => _expression;

    /// <summary>What the expression says of its sources, of column 0, holds for all rows; and it says something of at least so many.</summary>
    public void SourcesHold(int least)
    {
        Vector values = _expression.Evaluate(_batch, Rows.All(_batch.Rows));
        Assert.Equal(0, _expression.SourceColumn);
        for (int i = 0; i < _batch.Rows; i++)
        {
            long value = (long)values.Values[i];
            if (values.IsNull(i) || !_expression.TrySources(value, out long first, out long last))
            {
                continue;
            }

            least--;
            for (int j = 0; j < _batch.Rows; j++)
            {
                long source = (long)_batch.Columns[0].Values[j];
                long other = (long)values.Values[j];
                Assert.True(values.IsNull(j) || ((source >= first || other < value) && (source <= last || other > value)));
            }
        }

        Assert.True(least <= 0);
    }

    /// <summary>The column as a dictionary of those datums, among which its values are.</summary>
    public void SetCodes(int column, ulong tableId, ulong[] datums)
    {
        Vector vector = _batch.Columns[column];
        ulong* table = (ulong*)Block(datums.Length * sizeof(ulong));
        ushort* codes = (ushort*)Block(Batch.Capacity * sizeof(ushort));
        for (int i = 0; i < datums.Length; i++)
        {
            // Each table has its own order.
            table[i] = datums[(i + (int)tableId) % datums.Length];
        }

        for (int r = 0; r < _batch.Rows; r++)
        {
            codes[r] = (ushort)(vector.IsNull(r) ? 0xFFFF : new Span<ulong>(table, datums.Length).IndexOf(vector.Values[r]));
        }

        vector.Codes = codes;
        vector.Table = table;
        vector.Entries = datums.Length;
        vector.TableId = tableId;
    }

    /// <summary>
    /// The model gives a by-value datum, a string, or null for SQL's null; what it throws the engine is to raise wherever such a row counts, and
    /// nowhere else.
    /// </summary>
    public void Agrees(Func<ulong?[], object?> model)
    {
        object?[] expected = [.. _rows.Select(r => Try(model, r))];
        int[] all = [.. Enumerable.Range(0, _batch.Rows)];
        int[] good = [.. all.Where(r => expected[r] is not RaisedException)];
        var random = new Random(7);
        _expression.Start();
        Check(null, all, expected);
        Check(all, all, expected);
        Check(good, good, expected);
        Check([.. good.Where(r => r % 2 == 0)], null, expected);
        for (int i = 0; i < 5; i++)
        {
            int[] some = [.. (i < 3 ? good : all).Where(_ => random.Next(4) < i + 1)];
            Check(some, some, expected);
        }

        for (int r = 0; r < _batch.Rows; r++)
        {
            if (expected[r] is RaisedException)
            {
                Check([r], [r], expected);
            }
        }
    }

    /// <summary>Some rows alone.</summary>
    public void Evaluates(int[] rows, Func<ulong?[], object?> model)
    {
        _expression.Start();
        Check(rows, rows, [.. _rows.Select(r => Try(model, r))]);
    }

    public void Dispose() => _blocks.ForEach(b => NativeMemory.AlignedFree((void*)b));

    static object? Try(Func<ulong?[], object?> model, ulong?[] row)
    {
        try
        {
            return model(row);
        }
        catch (RaisedException e)
        {
            return e;
        }
    }

    /// <summary>Lanes of nulls hold anything at all.</summary>
    void Fill(Vector vector, ulong?[] values)
    {
        var random = new Random(values.Length);
        ulong* lanes = (ulong*)Block(Batch.Capacity * sizeof(ulong));
        byte* nulls = Block(Batch.Capacity);
        for (int r = 0; r < Batch.Capacity; r++)
        {
            ulong? value = r < values.Length ? values[r] : null;
            nulls[r] = value == null && r < values.Length ? (byte)1 : (byte)0;
            lanes[r] = value ?? (ulong)random.NextInt64(long.MinValue, long.MaxValue) >> random.Next(64) & (random.Next(4) == 0 ? 0 : ulong.MaxValue);
        }

        vector.SetDatums(lanes, values.Contains(null) ? nulls : null);
    }

    byte* Block(int bytes)
    {
        byte* block = (byte*)NativeMemory.AlignedAlloc((nuint)bytes, 64);
        _blocks.Add((nint)block);
        return block;
    }

    void Check(int[]? list, int[]? counted, object?[] expected)
    {
        counted ??= list!;
        ushort* index = stackalloc ushort[Batch.Capacity];
        for (int i = 0; i < counted.Length; i++)
        {
            index[i] = (ushort)counted[i];
        }

        Rows rows = list == null ? Rows.All(_batch.Rows) : new Rows(index, counted.Length);
        RaisedException[] errors = [.. counted.Select(r => expected[r]).OfType<RaisedException>()];
        if (errors.Length > 0)
        {
            RaisedException raised = Assert.Throws<RaisedException>(() => _expression.Evaluate(_batch, rows));
            Assert.Contains((raised.SqlState, raised.Message), errors.Select(e => (e.SqlState, e.Message)));
            return;
        }

        Vector result = _expression.Evaluate(_batch, rows);
        Vector datums = new DatumForm(_host).Of(result, rows);
        foreach (int row in counted)
        {
            object? actual = datums.IsNull(row) ? null : Values.Read(_expression.Type, datums.Values[row]);
            Assert.True(Equals(expected[row], actual), $"row {row} ({Values.Show(_rows[row])}): {expected[row] ?? "null"}, not {actual ?? "null"}");
        }

        if (_expression.Type.Oid == TypeOid.Bool)
        {
            int[] chosen = [.. counted.Where(r => expected[r] is true)];
            ushort* selected = stackalloc ushort[Batch.Capacity];
            Assert.Equal(chosen, Numbers(selected, _expression.Filter(_batch, rows, selected)));
            Assert.Equal(chosen, Numbers(index, _expression.Filter(_batch, rows, index)));
        }
    }

    static int[] Numbers(ushort* selected, int count) => [.. new Span<ushort>(selected, count).ToArray().Select(r => (int)r)];
}
