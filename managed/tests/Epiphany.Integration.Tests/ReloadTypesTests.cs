// Integration tests: types made while the application runs. Promise: after ReloadTypes they are written and read by their CLR
// types, in single rows and in row groups.
using System.Linq;
using System.Threading.Tasks;
using Npgsql;
using Xunit;

namespace Epiphany.Integration.Tests;

public sealed class ReloadTypesTests : ServerTest
{
    public enum Status
    {
        Draft,
        Sent,
        Paid,
    }

    public sealed record Address(string? Street, int Number);

    protected override NpgsqlDataSourceBuilder Configure(NpgsqlDataSourceBuilder builder)
    {
        builder.MapEnum<Status>("status");
        builder.MapComposite<Address>("address");
        return builder;
    }

    [Theory]
    [MemberData(nameof(AccessMethods))]
    public async Task New_enum_and_composite_types_are_written_and_read(string accessMethod)
    {
        await using var connection = await OpenAsync();
        await connection.RunAsync("""
            CREATE TYPE status AS ENUM ('draft', 'sent');
            CREATE TYPE address AS (street text, number int);
            """);
        await connection.RunAsync($"CREATE TABLE t (id int, status status, addresses address[], home address) USING {accessMethod}");
        await connection.ReloadTypesAsync();

        await InsertAsync(connection, 0, Status.Sent);
        await using (var importer = await connection.BeginBinaryImportAsync("COPY t FROM STDIN BINARY"))
        {
            for (int row = 1; row <= BulkRows; row++)
            {
                await importer.StartRowAsync();
                await importer.WriteAsync(row);
                await importer.WriteAsync((Status)(row % 2), "status");
                await importer.WriteAsync(Addresses(row), "address[]");
                await importer.WriteAsync(Home(row), "address");
            }
            await importer.CompleteAsync();
        }
        await connection.RunAsync("ALTER TYPE status ADD VALUE 'paid'");
        await connection.ReloadTypesAsync();
        await InsertAsync(connection, BulkRows + 1, Status.Paid);
        await connection.RunAsync($"INSERT INTO t SELECT id + {BulkRows + 2}, 'paid', addresses, home FROM t WHERE id <= {BulkRows}");

        await using var select = new NpgsqlCommand("SELECT id, status, addresses, home FROM t ORDER BY id", connection);
        await using var reader = await select.ExecuteReaderAsync();
        int rows = 0;
        for (; await reader.ReadAsync(); rows++)
        {
            int original = rows < BulkRows + 2 ? rows : rows - BulkRows - 2;
            var status = original != rows || rows > BulkRows ? Status.Paid : rows == 0 ? Status.Sent : (Status)(rows % 2);
            Assert.Equal(rows, reader.GetInt32(0));
            Assert.Equal(status, reader.GetFieldValue<Status>(1));
            Assert.Equal(Addresses(original), reader.GetFieldValue<Address[]>(2));
            Assert.Equal(Home(original), reader.IsDBNull(3) ? null : reader.GetFieldValue<Address>(3));
        }
        Assert.Equal((2 * BulkRows) + 3, rows);
    }

    [Theory]
    [MemberData(nameof(AccessMethods))]
    public async Task An_attribute_added_to_a_composite_type_is_null_in_old_rows(string accessMethod)
    {
        await ExecuteAsync("CREATE TYPE address AS (street text)");
        await ExecuteAsync($"CREATE TABLE t (id int, home address) USING {accessMethod}");
        await ExecuteAsync($"INSERT INTO t SELECT n, row('street ' || n)::address FROM generate_series(1, {BulkRows}) n");
        await ExecuteAsync("ALTER TYPE address ADD ATTRIBUTE number int");
        await ExecuteAsync($"INSERT INTO t SELECT n + {BulkRows}, row('street ' || n, n)::address FROM generate_series(1, {BulkRows}) n");
        await using var connection = await OpenAsync();
        await connection.ReloadTypesAsync();
        Assert.Equal(BulkRows, await connection.ScalarAsync<long>("SELECT count((home).number) FROM t"));
        Assert.Equal(
            [new Address("street 2", 2)],
            await connection.ColumnAsync<Address>($"SELECT home FROM t WHERE id = {BulkRows + 2}"));
    }

    static Address[] Addresses(int row) => [.. Enumerable.Range(0, row % 4).Select(i => new Address(i % 2 == 0 ? $"Street {row}" : null, i))];

    static Address? Home(int row) => row % 5 == 0 ? null : new Address("Home street", row);

    static async Task InsertAsync(NpgsqlConnection connection, int id, Status status)
    {
        await using var insert = new NpgsqlCommand("INSERT INTO t VALUES ($1, $2, $3, $4)", connection)
        {
            Parameters =
            {
                new NpgsqlParameter<int> { TypedValue = id },
                new NpgsqlParameter<Status> { TypedValue = status },
                new NpgsqlParameter<Address[]> { TypedValue = Addresses(id) },
                new NpgsqlParameter { Value = (object?)Home(id) ?? System.DBNull.Value, DataTypeName = "address" },
            },
        };
        Assert.Equal(1, await insert.ExecuteNonQueryAsync());
    }
}
