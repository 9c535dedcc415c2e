// Micro-benchmarks. Processor time of this thread: on a machine with other work, what that takes away in turns is not counted.

using System.Runtime.InteropServices;

namespace Epiphany.Execution.Bench;

static unsafe partial class ThreadTime
{
    /// <summary>CLOCK_THREAD_CPUTIME_ID of Linux.</summary>
    const int ThreadClock = 3;

    /// <summary>Nanoseconds.</summary>
    internal static double Now()
    {
        long* time = stackalloc long[2];
        _ = GetTime(ThreadClock, time);
        return (time[0] * 1e9) + time[1];
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int GetTime(int clock, long* time);
}
