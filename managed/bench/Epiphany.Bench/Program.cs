// Micro-benchmarks of the managed library: scans by encoding, kernels, operators. What is named on the command line, or all.

using System;
using System.Globalization;
using System.Runtime.Intrinsics;
using Epiphany.Execution.Bench;

if (args is ["--help", ..])
{
    Console.WriteLine("usage: bench/operators [WORD ...]    only what has one of these words in its name");
    return;
}

var machine = new Machine();
Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
    $"""
    {machine.Clock:0.00} GHz; reads {machine.Cache:0} bytes/ns from the cache, {machine.Memory:0.0} from memory; {machine.Load:0.0} ns a load from
    anywhere in 512 MB; vectors of {(Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : 128)} bits.

    """));
Measure.Head();
var measure = new Measure(machine, args);
Scans.Run(measure);
Kernels.Run(measure);
Operators.Run(measure);
