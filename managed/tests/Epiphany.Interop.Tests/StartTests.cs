// Tests of Interop. The start: who is accepted, and what is in the table.

using Xunit;

namespace Epiphany.Interop.Tests;

public sealed unsafe class StartTests
{
    [Fact]
    public void Accepts_the_host_of_its_own_build()
    {
        using var host = new FakeHost();
        Assert.Equal(PgeStatus.Ok, host.Start());
        Assert.Equal(Abi.Hash, host.Managed->AbiHash);
        Assert.Equal((uint)sizeof(PgeManagedApi), host.Managed->StructSize);
        for (var i = 1; i < sizeof(PgeManagedApi) / sizeof(void*); i++)
        {
            Assert.True(((void**)host.Managed)[i] != null, $"function {i} is missing");
        }
    }

    [Theory]
    [InlineData(1u, 0u)]
    [InlineData(0u, 8u)]
    public void Leaves_another_host_alone(uint hash, uint size)
    {
        using var host = new FakeHost();
        host.Api->AbiHash ^= hash;
        host.Api->StructSize += size;
        host.Error->SqlState = 42;
        Assert.Equal(PgeStatus.ManagedError, host.Start());
        Assert.Equal(Abi.Hash, host.Managed->AbiHash);
        Assert.True(host.Managed->BuildInfo == null);
        Assert.Equal(42, host.Error->SqlState);
    }

    [Fact]
    public void Tells_what_runs()
    {
        using var host = new FakeHost();
        host.Start();
        PgeBuildInfo info;
        Assert.Equal(PgeStatus.Ok, host.Managed->BuildInfo(&info));
        Assert.Equal((byte)'v', info.Variant[0]);
        Assert.Equal((byte)'.', info.Runtime[0]);
        Assert.True(info.HeapBytes > 0);
        Assert.True(info.InstructionSet[0] != 0);
    }
}
