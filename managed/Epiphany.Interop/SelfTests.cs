// Interop layer. What the SelfTest export does, so that tests on both sides of the boundary can provoke every way across it.

using System;
using System.Runtime.CompilerServices;
using System.Threading;
using Epiphany.Storage;

namespace Epiphany.Interop;

internal static unsafe class SelfTests
{
    internal static long Run(PgeSelfTest operation, long argument) => operation switch
    {
        PgeSelfTest.Increment => argument + 1,
        PgeSelfTest.ThrowUnexpected => throw new InvalidOperationException("provoked"),
        PgeSelfTest.ThrowFull => throw new PgException(
            SqlState.InvalidParameterValue, "provoked message", "provoked detail", "provoked hint"),
        PgeSelfTest.ThrowLong => throw new PgException(
            SqlState.InvalidParameterValue, new string('m', (int)argument), new string('d', (int)argument), new string('h', (int)argument)),
        PgeSelfTest.ThrowNull => Unsafe.NullRef<long>() + argument,
        PgeSelfTest.ThrowStored => throw new StoredDataException("provoked bad bytes"),
        PgeSelfTest.Raise => Raise(),
        PgeSelfTest.Report => Report((int)argument),
        PgeSelfTest.Nest => Nest((ulong)argument),
        PgeSelfTest.NestAndSwallow => NestAndSwallow((ulong)argument),
        PgeSelfTest.NestAndReplace => NestAndReplace((ulong)argument),
        PgeSelfTest.Spin => Spin(argument),
        PgeSelfTest.ManagedMemory => ManagedMemory(argument),
        PgeSelfTest.HostMemory => (long)new HostMemory((void*)argument).Allocate((nuint)1 << 60),
        PgeSelfTest.Recurse => Recurse(argument),
        PgeSelfTest.HandleNew => (long)Handles.Add(new object()),
        PgeSelfTest.HandleUse => Handles.Get<object>((ulong)argument) != null ? 1 : 0,
        PgeSelfTest.HandleCount => Handles.Count,
        PgeSelfTest.Collections => GC.CollectionCount(0),
        _ => throw new PgException(SqlState.InvalidParameterValue, $"no self test {(int)operation}"),
    };

    private static long Raise()
    {
        Host.Raise(SqlState.DivisionByZero, "provoked in PostgreSQL"u8);
        return 0;
    }

    private static long Report(int level)
    {
        Host.Report(level, "provoked report"u8);
        return level;
    }

    /// <summary>The finally block stands for any clean-up on the way out: the host refuses to raise over an error that waits.</summary>
    private static long Nest(ulong token)
    {
        var keep = new byte[100];
        try
        {
            Host.Check(Host.Api->ReadGroup(token, 0, 0, null));
        }
        finally
        {
            Host.Api->CheckInterrupts();
            Handles.Free(Handles.Add(keep));
        }

        return keep.Length;
    }

    private static long NestAndSwallow(ulong token)
    {
        try
        {
            return Nest(token);
        }
        catch (PgErrorException)
        {
            return -1;
        }
    }

    private static long NestAndReplace(ulong token)
    {
        try
        {
            return Nest(token);
        }
        catch (PgErrorException e)
        {
            throw new InvalidOperationException("provoked while an error waits", e);
        }
    }

    private static long Spin(long milliseconds)
    {
        var end = Environment.TickCount64 + milliseconds;
        long rounds = 0;
        while (Environment.TickCount64 < end)
        {
            Host.Poll();
            Thread.SpinWait(100);
            rounds++;
        }

        return rounds;
    }

    /// <summary>A chain, so that nothing but the arrays themselves is asked for.</summary>
    private static long ManagedMemory(long bytes)
    {
        object[]? chain = null;
        while (true)
        {
            Host.Poll();
            chain = [chain!, new byte[bytes]];
        }
    }

    /// <summary>Not a tail call: the sum waits for the callee.</summary>
    private static long Recurse(long depth)
    {
        Host.CheckStack();
        return Recurse(depth + 1) + depth;
    }
}
