// Micro-benchmarks. Values to compute with; the same in each run.

using System;
using System.Runtime.InteropServices;

namespace Epiphany.Execution.Bench;

static unsafe class Data
{
    static readonly string[] s_words =
        ["carefully", "furiously", "final", "deposits", "sleep", "above the", "ironic", "requests", "boost", "pending"];

    internal static ulong[] Of(int count, Func<Random, int, ulong> value)
    {
        var random = new Random(7);
        ulong[] values = GC.AllocateUninitializedArray<ulong>(count, pinned: true);
        for (int i = 0; i < count; i++)
        {
            values[i] = value(random, i);
        }

        return values;
    }

    internal static ulong[] Integers(int count, long range) => Of(count, (r, _) => (ulong)r.NextInt64(range));

    internal static ulong[] Floats(int count) => Of(count, (r, _) => BitConverter.DoubleToUInt64Bits(r.NextDouble()));

    /// <summary>Varlenas of about 30 bytes, which live as long as the process.</summary>
    internal static ulong[] Texts(int count, int distinct)
    {
        ulong[] texts = Of(Math.Min(count, distinct), (r, i) => Text($"{s_words[r.Next(10)]} {s_words[r.Next(10)]} {s_words[r.Next(10)]} {i}"));
        return Of(count, (r, i) => texts[distinct < count ? r.Next(distinct) : i]);
    }

    /// <summary>Numeric datums.</summary>
    internal static ulong[] Numerics(int count, long range, int scale) => Of(count, (r, _) => Numeric(r.NextInt64(range), scale));

    internal static ulong Numeric(long value, int scale)
    {
        byte* datum = (byte*)NativeMemory.AllocZeroed(NumericDatums.MaxBytes);
        NumericDatums.Write(value, scale, datum);
        return (ulong)datum;
    }

    internal static ulong Text(string text)
    {
        byte[] bytes = System.Text.Encoding.UTF8.GetBytes(text);
        byte* datum = (byte*)NativeMemory.AllocZeroed((nuint)(bytes.Length + 8));
        *(uint*)datum = (uint)(bytes.Length + 4) << 2;
        bytes.CopyTo(new Span<byte>(datum + 4, bytes.Length));
        return (ulong)datum;
    }
}
