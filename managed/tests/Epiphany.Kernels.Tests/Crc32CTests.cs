// The checksum against published vectors (RFC 3720, B.4) and the interleaved path against the plain one.

using System;
using System.Linq;
using System.Text;
using Xunit;

namespace Epiphany.Kernels.Tests;

public unsafe class Crc32CTests
{
    [Fact]
    public void Known_answers()
    {
        Assert.Equal(0U, Of([]));
        Assert.Equal(0xE3069283U, Of(Encoding.ASCII.GetBytes("123456789")));
        Assert.Equal(0x8A9136AAU, Of(new byte[32]));
        Assert.Equal(0x62A8AB43U, Of(Enumerable.Repeat((byte)0xFF, 32).ToArray()));
        Assert.Equal(0x46DD794EU, Of(Enumerable.Range(0, 32).Select(i => (byte)i).ToArray()));
    }

    [Fact]
    public void Interleaved_equals_one_stream()
    {
        Random random = new(1);
        byte[] bytes = new byte[40_000];
        random.NextBytes(bytes);
        for (int round = 0; round < 300; round++)
        {
            int start = random.Next(16);
            int length = round < 200 ? round * 7 : random.Next(bytes.Length - start);
            fixed (byte* b = bytes)
            {
                Assert.Equal(Crc32C.Scalar(b + start, (ulong)length), Crc32C.Compute(b + start, (ulong)length));
            }
        }
    }

    static uint Of(byte[] bytes)
    {
        fixed (byte* b = bytes)
        {
            return Crc32C.Compute(b, (ulong)bytes.Length);
        }
    }
}
