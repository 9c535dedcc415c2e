// Tests of Interop. A host in the same process: its functions are reached through the table, as PostgreSQL's are, so that calls cross
// the boundary both ways under the JIT. Not shared between tests that run at once: the exports have one host in a process.

using System;
using System.Runtime.InteropServices;
using Xunit;
using TextEncoding = System.Text.Encoding;

[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace Epiphany.Interop.Tests;

internal sealed unsafe class FakeHost : IDisposable
{
    private const int Capacity = 64;

    internal readonly PgeHostApi* Api = New<PgeHostApi>();
    internal readonly PgeManagedApi* Managed = New<PgeManagedApi>();
    internal readonly PgeError* Error = New<PgeError>();
    internal readonly int* InterruptPending = New<int>();
    internal readonly int* ForceGc = New<int>();

    /// <summary>What the host's functions have seen; static, since they are.</summary>
    internal static int Allocations;
    internal static int Interrupts;
    internal static bool MemoryIsOut;
    internal static bool HasCodecs;
    internal static string Reported = "";
    internal static PgeStatus OnInterrupt;
    internal static byte[] Stored = [];

    internal FakeHost()
    {
        (Allocations, Interrupts, MemoryIsOut, HasCodecs, Reported, OnInterrupt) = (0, 0, false, false, "", PgeStatus.PgError);
        Error->Capacity = Capacity;
        Error->Message = (byte*)NativeMemory.AllocZeroed(Capacity);
        Error->Detail = (byte*)NativeMemory.AllocZeroed(Capacity);
        Error->Hint = (byte*)NativeMemory.AllocZeroed(Capacity);
        Api->StructSize = (uint)sizeof(PgeHostApi);
        Api->AbiHash = Abi.Hash;
        Api->InterruptPending = InterruptPending;
        Api->ForceGc = ForceGc;
        Api->Error = Error;
        Api->CheckInterrupts = &CheckInterrupts;
        Api->Report = &Report;
        Api->Raise = &Raise;
        Api->Alloc = &Alloc;
        Api->AllocRoom = &AllocRoom;
        Api->Free = &Free;
        // A leaf must be native code; this one of the C library returns 0.
        Api->StackTooDeep = (delegate* unmanaged[SuppressGCTransition]<int>)NativeLibrary.GetExport(NativeLibrary.Load("libm.so.6"), "fegetround");
        Api->ReadGroup = &ReadGroup;
        Api->GroupBytes = &GroupBytes;
        Api->CodecAvailable = &CodecAvailable;
        Api->CompressBound = &CompressBound;
        Api->Compress = &Compress;
        Api->Decompress = &Decompress;
    }

    internal string Message => Text(Error->Message);

    internal string Detail => Text(Error->Detail);

    internal string Hint => Text(Error->Hint);

    internal PgeStatus Start()
    {
        fixed (byte* variant = "v3"u8)
        {
            return Boundary.Init(Api, Managed, variant);
        }
    }

    internal PgeStatus SelfTest(PgeSelfTest operation, long argument, out long result)
    {
        long value = 0;
        var status = Managed->SelfTest((int)operation, argument, &value);
        result = value;
        return status;
    }

    public void Dispose()
    {
        NativeMemory.Free(Error->Message);
        NativeMemory.Free(Error->Detail);
        NativeMemory.Free(Error->Hint);
        NativeMemory.Free(Error);
        NativeMemory.Free(InterruptPending);
        NativeMemory.Free(ForceGc);
        NativeMemory.Free(Managed);
        NativeMemory.Free(Api);
    }

    private static T* New<T>() where T : unmanaged => (T*)NativeMemory.AllocZeroed((nuint)sizeof(T));

    private static string Text(byte* text) => TextEncoding.ASCII.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text));

    [UnmanagedCallersOnly]
    private static PgeStatus CheckInterrupts()
    {
        Interrupts++;
        return OnInterrupt;
    }

    [UnmanagedCallersOnly]
    private static PgeStatus Report(int level, byte* text, int length)
    {
        Reported = $"{level} {TextEncoding.ASCII.GetString(text, length)}";
        return PgeStatus.Ok;
    }

    [UnmanagedCallersOnly]
    private static PgeStatus Raise(int sqlState, byte* text, int length)
    {
        Reported = $"{sqlState} {TextEncoding.ASCII.GetString(text, length)}";
        return PgeStatus.PgError;
    }

    [UnmanagedCallersOnly]
    private static void* Alloc(void* context, ulong bytes)
    {
        if (MemoryIsOut || bytes > 1ul << 40)
        {
            return null;
        }

        Allocations++;
        return NativeMemory.AllocZeroed((nuint)bytes);
    }

    [UnmanagedCallersOnly]
    private static void* AllocRoom(void* context, ulong bytes)
    {
        if (MemoryIsOut || bytes > 1ul << 40)
        {
            return null;
        }

        Allocations++;
        byte* room = (byte*)NativeMemory.Alloc((nuint)bytes);
        NativeMemory.Fill(room, (nuint)bytes, 0xA7);
        return room;
    }

    [UnmanagedCallersOnly]
    private static void Free(void* block)
    {
        Allocations--;
        NativeMemory.Free(block);
    }

    [UnmanagedCallersOnly]
    private static PgeStatus ReadGroup(ulong token, ulong offset, ulong length, byte* destination)
    {
        if (token != 1)
        {
            return PgeStatus.PgError;
        }

        Stored.AsSpan((int)offset, (int)length).CopyTo(new Span<byte>(destination, (int)length));
        return PgeStatus.Ok;
    }

    [UnmanagedCallersOnly]
    private static PgeStatus GroupBytes(ulong token, ulong offset, ulong length, byte** bytes)
    {
        *bytes = null;
        return PgeStatus.Ok;
    }

    [UnmanagedCallersOnly]
    private static int CodecAvailable(int codec) => codec == 0 || HasCodecs ? 1 : 0;

    [UnmanagedCallersOnly]
    private static long CompressBound(int codec, long length) => length + 1;

    /// <summary>A stand-in that halves runs of one byte and gives up on anything else.</summary>
    [UnmanagedCallersOnly]
    private static long Compress(int codec, int level, byte* source, long length, byte* target, long capacity)
    {
        for (var i = 1; i < length; i++)
        {
            if (source[i] != source[0])
            {
                return -1;
            }
        }

        target[0] = source[0];
        return 1;
    }

    [UnmanagedCallersOnly]
    private static long Decompress(int codec, byte* source, long length, byte* target, long capacity)
    {
        new Span<byte>(target, (int)capacity).Fill(source[0]);
        return capacity;
    }
}
