// Rows that parallel processes share, each process played in turn.

using System.Collections.Generic;
using System.Linq;
using Xunit;

namespace Epiphany.Execution.Tests;

public class SharedRowsTests
{
    static ulong?[] Some(int from, int count) => [.. Enumerable.Range(from, count).Select(i => i % 7 == 0 ? null : (ulong?)i)];

    static List<ulong?> Run(FakeHost host, ulong?[] own)
    {
        ProgramWriter program = new ProgramWriter().Node(PlanKind.SharedRows, ProgramWriter.Int8).Add(0)
            .Source(host.AddSource(own), ProgramWriter.Int8).NoTail();
        return [.. program.Run(host).Select(r => r.Single())];
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5000)]
    public void Who_is_alone_passes_rows_on(int count) => Assert.Equal(Some(0, count), Run(new FakeHost(), Some(0, count)));

    [Fact]
    public void All_get_the_rows_of_all()
    {
        var second = new FakeHost { Shared = [[], [], []], SharedMember = 1 };
        Assert.Equal(Some(10_000, 3000), Run(second, Some(10_000, 3000)));

        var first = new FakeHost { Shared = [[], second.Shared[1], []], SharedMember = 0 };
        Assert.Equal(Some(0, 5000).Concat(Some(10_000, 3000)), Run(first, Some(0, 5000)));
        Assert.NotEmpty(first.Shared[0]);

        var late = new FakeHost { Shared = first.Shared, SharedMember = 2, SharedIsWritten = true };
        Assert.Equal(Some(0, 5000).Concat(Some(10_000, 3000)), Run(late, Some(50_000, 10)));
        Assert.Empty(late.Shared[2]);
    }

    [Fact]
    public void Nobody_may_have_any()
    {
        var host = new FakeHost { Shared = [[], []], SharedMember = 0 };
        Assert.Empty(Run(host, []));
        Assert.Empty(host.Shared[0]);
    }
}
