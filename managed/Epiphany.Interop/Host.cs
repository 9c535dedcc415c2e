// Interop layer. The host's functions with types, and with statuses turned into exceptions. Nothing above the boundary calls the
// table itself. Main thread only.

using System;
using System.Threading;
using Epiphany.Storage;

namespace Epiphany.Interop;

/// <summary>The table that the shim gave at start; its memory is the shim's and outlives everything here.</summary>
internal static unsafe class Host
{
    internal static PgeHostApi* Api;

    /// <summary>What each export does first.</summary>
    internal static void Enter()
    {
        if (*Api->ForceGc != 0)
        {
            GC.Collect();
        }
    }

    /// <summary>Every raising host function's status goes through here.</summary>
    internal static void Check(PgeStatus status)
    {
        if (status != PgeStatus.Ok)
        {
            Throw.PgError();
        }
    }

    /// <summary>A load and a test as long as nobody wants the query to stop.</summary>
    internal static void Poll()
    {
        if (Volatile.Read(ref *Api->InterruptPending) != 0)
        {
            Check(Api->CheckInterrupts());
        }
    }

    /// <summary>For anything that recurses: a real overflow would end the process.</summary>
    internal static void CheckStack()
    {
        if (Api->StackTooDeep() != 0)
        {
            Throw.StackTooDeep();
        }
    }

    /// <summary>A message below ERROR; <paramref name="level"/> is elog's.</summary>
    internal static void Report(int level, ReadOnlySpan<byte> text)
    {
        fixed (byte* bytes = text)
        {
            Check(Api->Report(level, bytes, text.Length));
        }
    }

    /// <summary>An error raised on PostgreSQL's side.</summary>
    internal static void Raise(int sqlState, ReadOnlySpan<byte> text)
    {
        fixed (byte* bytes = text)
        {
            Check(Api->Raise(sqlState, bytes, text.Length));
        }
    }
}

/// <summary>Memory of one memory context.</summary>
internal sealed unsafe class HostMemory(void* context) : IMemory
{
    private readonly void* _context = context;

    public byte* Allocate(nuint bytes) => Checked(Host.Api->Alloc(_context, bytes), bytes);

    public byte* AllocateRoom(nuint bytes) => Checked(Host.Api->AllocRoom(_context, bytes), bytes);

    public void Free(byte* p) => Host.Api->Free(p);

    private static byte* Checked(void* block, nuint bytes)
    {
        if (block == null)
        {
            Throw.HostMemory(bytes);
        }

        return (byte*)block;
    }
}

/// <summary>A stored group's bytes, through the token that its opener gave.</summary>
internal sealed unsafe class HostGroupSource(ulong token) : IGroupSource, IColdColumns
{
    private readonly ulong _token = token;

    public IGroupSource Open(int column, out GroupLocation location)
    {
        PgeGroupRef image = default;
        Host.Check(Host.Api->GroupColumn(_token, column, &image));
        location = new GroupLocation(image.Length, image.FooterOffset, image.FooterLength, image.Rows, image.Columns);
        return new HostGroupSource(image.Token);
    }

    public void Read(ulong offset, byte* destination, ulong length) =>
        Host.Check(Host.Api->ReadGroup(_token, offset, length, destination));

    public byte* At(ulong offset, ulong length)
    {
        byte* bytes = null;
        Host.Check(Host.Api->GroupBytes(_token, offset, length, &bytes));
        return bytes;
    }

    public void ReadParts(ulong* offsets, int count, byte* destination, ulong length) =>
        Host.Check(Host.Api->ReadGroupParts(_token, offsets, count, length, destination));
}

/// <summary>LZ4 and ZSTD. One that the server lacks is an error that says so, never a -1 that looks like bad bytes.</summary>
internal sealed unsafe class HostBlockCodec : IBlockCodec
{
    internal static readonly HostBlockCodec Instance = new();

    public bool Available(Codec c) => Host.Api->CodecAvailable((int)c) != 0;

    public long Bound(Codec c, long n) => Host.Api->CompressBound((int)c, n);

    public long Compress(Codec c, int level, byte* src, long n, byte* dst, long cap)
    {
        Require(c);
        return Host.Api->Compress((int)c, level, src, n, dst, cap);
    }

    public long Decompress(Codec c, byte* src, long n, byte* dst, long cap)
    {
        Require(c);
        return Host.Api->Decompress((int)c, src, n, dst, cap);
    }

    internal void Require(Codec c)
    {
        if (!Available(c))
        {
            Throw.CodecMissing(c);
        }
    }
}

internal sealed class HostInterrupts : IInterrupts
{
    internal static readonly HostInterrupts Instance = new();

    public void Poll() => Host.Poll();
}
