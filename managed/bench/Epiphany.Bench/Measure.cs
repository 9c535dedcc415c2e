// Micro-benchmarks. Runs one thing often enough, and prints what it took beside what the machine would take for its bytes alone.

using System;
using System.Globalization;

namespace Epiphany.Execution.Bench;

/// <summary>What a row has to touch whatever the code: bytes in the cache and in memory, and loads from anywhere in memory.</summary>
readonly record struct Touched(double Cache, double Memory = 0, double Loads = 0)
{
    internal double Nanoseconds(Machine machine) => (Cache / machine.Cache) + (Memory / machine.Memory) + (Loads * machine.Load);
}

/// <summary>Prints a table, a line for each thing measured; of those whose family or name has one of the words.</summary>
sealed class Measure(Machine machine, string[] words)
{
    const int Rounds = 9;

    /// <summary>A round takes so long at least.</summary>
    const double MinNanoseconds = 2e7;
    string? _family;

    internal static void Head()
    {
        Console.WriteLine("| | M rows/s | ns/row | cycles/row | limit, ns/row | of the limit |");
        Console.WriteLine("|---|---|---|---|---|---|");
    }

    internal bool Wants(string family, string name) =>
        words.Length == 0 || Array.Exists(words, w => (family + " " + name).Contains(w, StringComparison.OrdinalIgnoreCase));

    /// <summary><paramref name="run"/> goes through so many rows.</summary>
    internal void Time(string family, string name, long rows, Touched touched, Action run)
    {
        if (_family != family)
        {
            Console.WriteLine($"| **{family}** | | | | | |");
            _family = family;
        }

        double once = Nanoseconds(run, 1);
        int times = (int)Math.Clamp(MinNanoseconds / once, 1, 1e6);
        double[] all = new double[Rounds];
        for (int i = 0; i < Rounds; i++)
        {
            all[i] = Nanoseconds(run, times) / times / rows;
        }

        Array.Sort(all);
        double median = all[Rounds / 2];
        double limit = touched.Nanoseconds(machine);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"| {name} | {1000 / median:0} | {median:0.00} | {median * machine.Clock:0.0} | {limit:0.00} | {median / limit:0.0} |"));
    }

    static double Nanoseconds(Action run, int times)
    {
        double begun = ThreadTime.Now();
        for (int i = 0; i < times; i++)
        {
            run();
        }

        return ThreadTime.Now() - begun;
    }
}
