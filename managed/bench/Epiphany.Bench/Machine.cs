// Micro-benchmarks. What the machine can do at best, measured in the same run as everything else.

using System;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Epiphany.Execution.Bench;

/// <summary>Cycles in a nanosecond, bytes in a nanosecond, and nanoseconds of one of many loads from anywhere in a large table.</summary>
sealed unsafe class Machine
{
    /// <summary>What a batch's columns take: they stay in the second-level cache.</summary>
    const int CacheBytes = 64 * 1024;
    const int MemoryBytes = 512 * 1024 * 1024;
    const int Rounds = 7;

    internal Machine()
    {
        ulong* memory = (ulong*)NativeMemory.AlignedAlloc(MemoryBytes, 64);
        new Span<ulong>(memory, MemoryBytes / sizeof(ulong)).Fill(1);
        Clock = 3e7 / Best(() => Multiply(10_000_000));
        Cache = 2000.0 * CacheBytes / Best(() => Read(memory, CacheBytes, 2000));
        Memory = MemoryBytes / Best(() => Read(memory, MemoryBytes, 1));
        Load = Best(() => Jump(memory, 4_000_000)) / 4_000_000;
        NativeMemory.AlignedFree(memory);
    }

    /// <summary>By the latency of a multiplication, which is three cycles on every x86-64 processor with AVX2.</summary>
    internal double Clock { get; }

    internal double Cache { get; }

    internal double Memory { get; }

    internal double Load { get; }

    /// <summary>So that results are not optimised away.</summary>
    static ulong Sink { get; set; }

    /// <summary>Nanoseconds of the fastest of some runs.</summary>
    static double Best(Action run)
    {
        double best = double.MaxValue;
        for (int i = 0; i < Rounds; i++)
        {
            double begun = ThreadTime.Now();
            run();
            best = Math.Min(best, ThreadTime.Now() - begun);
        }

        return best;
    }

    static void Multiply(int count)
    {
        ulong value = Sink | 3;
        ulong factor = value + 2;
        for (int i = 0; i < count; i += 5)
        {
            value = value * factor * value * factor * value * factor;
        }

        Sink = value;
    }

    static void Read(ulong* from, int bytes, int times)
    {
        Vector512<ulong> a = default;
        Vector512<ulong> b = default;
        Vector512<ulong> c = default;
        Vector512<ulong> d = default;
        for (int t = 0; t < times; t++)
        {
            for (int i = 0; i < bytes / sizeof(ulong); i += 32)
            {
                a += Vector512.Load(from + i);
                b += Vector512.Load(from + i + 8);
                c += Vector512.Load(from + i + 16);
                d += Vector512.Load(from + i + 24);
            }
        }

        Sink += Vector512.Sum(a + b + c + d);
    }

    static void Jump(ulong* from, int count)
    {
        ulong sum = 0;
        ulong at = 1;
        for (int i = 0; i < count; i++)
        {
            at = (at * 6364136223846793005) + 1442695040888963407;
            sum += from[at >> 38];
        }

        Sink += sum;
    }
}
