// Conditions and projections over a source.

using System.Linq;
using Xunit;

namespace Epiphany.Execution.Tests;

public class ProjectTests
{
    const uint Int4Less = 66;

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(2048)]
    [InlineData(5000)]
    public void Conditions_take_rows_away_and_projections_choose_columns(int count)
    {
        var host = new FakeHost();
        host.AddFunction(Int4Less, a => (long)a[0]! < (long)a[1]! ? 1UL : 0UL);
        ulong?[] keys = [.. Enumerable.Range(0, count).Select(i => i % 5 == 0 ? (ulong?)null : (ulong)(i % 100))];
        ulong?[] values = [.. Enumerable.Range(0, count).Select(i => (ulong?)i)];
        ProgramWriter program = new ProgramWriter().Node(PlanKind.Project, ProgramWriter.Int4, ProgramWriter.Int8)
            .Source(host.AddSource(keys, values), ProgramWriter.Int4, ProgramWriter.Int8)
            .Add(1).Call(ProgramWriter.Bool, Int4Less, 2).Column(ProgramWriter.Int4, 0).Const(ProgramWriter.Int4, 50)
            .Add(1).Column(ProgramWriter.Int8, 1);

        ulong?[] expected = [.. values.Where((_, i) => keys[i] < 50)];
        Assert.Equal(expected, program.Run(host).Select(r => r.Single()));
    }
}
