// Native layer. The one symbol that the shim looks up; everything else travels in the two tables.

using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Epiphany.Interop;

namespace Epiphany.Native;

internal static unsafe class EntryPoint
{
    private static ReadOnlySpan<byte> Variant =>
#if VARIANT_v2
        "v2"u8;
#elif VARIANT_v3
        "v3"u8;
#elif VARIANT_v4
        "v4"u8;
#endif

    [UnmanagedCallersOnly(EntryPoint = "pge_managed_init")]
    internal static PgeStatus Init(PgeHostApi* host, PgeManagedApi* managed) =>
        Boundary.Init(host, managed, (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(Variant)));
}
