// Integration tests: the container image that EPIPHANY_IMAGE names, where a Docker engine answers (.ci/check-integration asks).
// Promise: a container of it serves a client that knows nothing but its address.
using System;
using Xunit;
#if CONTAINERS
using System.Threading.Tasks;
using Npgsql;
using Testcontainers.PostgreSql;
#endif

namespace Epiphany.Integration.Tests;

[AttributeUsage(AttributeTargets.Method)]
public sealed class ContainerFactAttribute : FactAttribute
{
#if !CONTAINERS
    public ContainerFactAttribute()
    {
        Skip = Environment.GetEnvironmentVariable("EPIPHANY_NO_CONTAINERS") ?? "Built without containers: see .ci/check-integration.";
    }
#endif
}

public sealed class ImageTests
{
    [ContainerFact]
#if CONTAINERS
    public async Task The_image_serves_all_access_methods()
    {
        string image = Environment.GetEnvironmentVariable("EPIPHANY_IMAGE") ?? throw new InvalidOperationException("EPIPHANY_IMAGE is not set.");
        await using var container = new PostgreSqlBuilder(image).Build();
        await container.StartAsync();
        await using var source = NpgsqlDataSource.Create(container.GetConnectionString());
        await using var connection = await source.OpenConnectionAsync();
        Assert.NotEmpty(await connection.ScalarAsync<string>("SELECT epiphany.version()"));
        foreach (string accessMethod in new[] { "heap", "epiphany_row", "epiphany_column" })
        {
            await connection.RunAsync($"CREATE TABLE t_{accessMethod} USING {accessMethod} AS SELECT n FROM generate_series(1, 100000) n");
            Assert.Equal(5_000_050_000, await connection.ScalarAsync<long>($"SELECT sum(n) FROM t_{accessMethod}"));
        }
    }
#else
    public void The_image_serves_all_access_methods() => throw new NotSupportedException();
#endif
}
