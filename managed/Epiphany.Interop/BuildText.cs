// Interop layer. What runs, as texts that live as long as the process.

using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Epiphany.Interop;

internal static unsafe class BuildText
{
    private static byte* s_variant;
    private static byte* s_runtime;

    internal static void Prepare(byte* variant) => s_variant = variant;

    internal static void Fill(PgeBuildInfo* info)
    {
        // Made when first asked for: a session's first call need not pay for it.
        if (s_runtime == null)
        {
            s_runtime = Copy(RuntimeInformation.FrameworkDescription);
        }

        info->Version = Text("0.1.0"u8);
        info->Variant = s_variant;
        info->Runtime = s_runtime;
        info->InstructionSet = Vector512.IsHardwareAccelerated ? Text("AVX-512"u8)
            : Vector256.IsHardwareAccelerated ? Text("AVX2"u8)
            : Text("SSE4.2"u8);
        info->HeapBytes = (ulong)GC.GetTotalMemory(false);
    }

    /// <summary>The compiler puts a NUL after such a literal and both into the image's data, which never moves.</summary>
    private static byte* Text(ReadOnlySpan<byte> literal) => (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(literal));

    private static byte* Copy(string text)
    {
        var bytes = (byte*)NativeMemory.Alloc((nuint)text.Length + 1);
        for (var i = 0; i < text.Length; i++)
        {
            bytes[i] = (byte)text[i];
        }

        bytes[text.Length] = 0;
        return bytes;
    }
}
