// Test support. Lanes and encoded bytes in native memory, the bytes with the slack that decoders may read.

using System;
using System.Runtime.InteropServices;
using Epiphany.Kernels;

namespace Epiphany.Encoding.Tests;

sealed unsafe class Native : IDisposable
{
    internal Native(long bytes)
    {
        Bytes = (byte*)NativeMemory.AllocZeroed((nuint)(bytes + BitPacking.Slack));
    }

    internal Native(ulong[] lanes)
        : this(lanes.Length * 8L)
    {
        lanes.CopyTo(new Span<ulong>(Bytes, lanes.Length));
    }

    internal byte* Bytes { get; }

    internal ulong* Lanes => (ulong*)Bytes;

    internal ulong[] ToLanes(int count) => new Span<ulong>(Bytes, count).ToArray();

    public void Dispose() => NativeMemory.Free(Bytes);
}
