// Interop layer. The functions of PgeManagedApi. Every body has one form: enter, work, Ok, all within a catch of everything, since an
// exception that left here would end the process. A test checks that none misses it.

using System;
using System.Runtime.InteropServices;

namespace Epiphany.Interop;

internal static unsafe partial class Exports
{
    [UnmanagedCallersOnly]
    internal static PgeStatus BuildInfo(PgeBuildInfo* info)
    {
        try
        {
            Host.Enter();
            BuildText.Fill(info);
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    [UnmanagedCallersOnly]
    internal static PgeStatus SelfTest(int operation, long argument, long* result)
    {
        try
        {
            Host.Enter();
            *result = SelfTests.Run((PgeSelfTest)operation, argument);
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    /// <summary>Runs while PostgreSQL cleans up after an error: allocates nothing, calls no one.</summary>
    [UnmanagedCallersOnly]
    internal static void HandleFree(ulong handle)
    {
        try
        {
            Handles.Free(handle);
        }
        catch (Exception)
        {
            // Nobody is left to tell; the slot stays taken until the process ends.
        }
    }
}
