// Integration tests: one column of a table for each common type, with a value for each row number. Promise: the same row number
// gives the same value; each sixth is NULL, in another row for each column; the first rows hold the type's extremes.
using System;
using System.Collections;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Threading.Tasks;
using Npgsql;
using NpgsqlTypes;
using Xunit;

namespace Epiphany.Integration.Tests;

abstract class CopyColumn(string name, string type)
{
    public string Declaration => $"{name} {type}";

    public abstract Task WriteAsync(NpgsqlBinaryImporter importer, int row);

    public abstract Task CheckAsync(NpgsqlBinaryExporter exporter, int row);

    public static IReadOnlyList<CopyColumn> All { get; } =
    [
        new CopyColumn<bool>("c_bool", "bool", NpgsqlDbType.Boolean, n => n % 3 == 0),
        new CopyColumn<short>("c_int2", "int2", NpgsqlDbType.Smallint, n => (short)(n * 31), short.MinValue, short.MaxValue),
        new CopyColumn<int>("c_int4", "int4", NpgsqlDbType.Integer, n => n * 77_777, int.MinValue, int.MaxValue),
        new CopyColumn<long>("c_int8", "int8", NpgsqlDbType.Bigint, n => n * 1_000_000_007L, long.MinValue, long.MaxValue),
        new CopyColumn<float>("c_float4", "float4", NpgsqlDbType.Real, n => n / 7f,
            float.NaN, float.PositiveInfinity, float.NegativeInfinity, -0f, float.Epsilon, float.MaxValue),
        new CopyColumn<double>("c_float8", "float8", NpgsqlDbType.Double, n => Math.Sqrt(n),
            double.NaN, double.PositiveInfinity, double.NegativeInfinity, -0d, double.Epsilon, double.MinValue),
        new CopyColumn<decimal>("c_numeric", "numeric", NpgsqlDbType.Numeric, n => n * 0.0100m,
            decimal.MinValue, decimal.MaxValue, 0m, 1.10m, 1.1000000000000000000000000001m),
        new CopyColumn<decimal>("c_money", "numeric(12,2)", NpgsqlDbType.Numeric, n => (n - 2000) / 100.00m, -9999999999.99m, 9999999999.99m),
        new CopyColumn<string>("c_text", "text", NpgsqlDbType.Text, n => $"row {n % 100}",
            "", " ", "żółć 𝄞 \\N \t\n", new string('x', 1000), string.Concat(Enumerable.Range(0, 30_000))),
        new CopyColumn<string>("c_varchar", "varchar(20)", NpgsqlDbType.Varchar, n => $"{n:D20}", ""),
        new CopyColumn<string>("c_char", "char(5)", NpgsqlDbType.Char, n => $"{n % 1000:D5}", "a    "),
        new CopyColumn<byte[]>("c_bytea", "bytea", NpgsqlDbType.Bytea, n => [(byte)n, 0, (byte)(n >> 8)],
            [], [0], [.. Enumerable.Range(0, 70_000).Select(i => (byte)(i * i >> 3))]),
        new CopyColumn<DateOnly>("c_date", "date", NpgsqlDbType.Date, n => new DateOnly(1990, 1, 1).AddDays(n),
            DateOnly.MinValue, DateOnly.MaxValue, new DateOnly(1, 1, 2), new DateOnly(9999, 12, 30)),
        new CopyColumn<TimeOnly>("c_time", "time", NpgsqlDbType.Time, n => new TimeOnly(n * 10_000_010L), TimeOnly.MinValue),
        new CopyColumn<DateTime>("c_timestamp", "timestamp", NpgsqlDbType.Timestamp, n => Moment(n, DateTimeKind.Unspecified),
            DateTime.MinValue, DateTime.MaxValue, new DateTime(1, 1, 1, 0, 0, 1)),
        new CopyColumn<DateTime>("c_timestamptz", "timestamptz", NpgsqlDbType.TimestampTz, n => Moment(n, DateTimeKind.Utc),
            DateTime.MinValue, DateTime.MaxValue, new DateTime(9999, 12, 31, 0, 0, 0, DateTimeKind.Utc)),
        new CopyColumn<NpgsqlInterval>("c_interval", "interval", NpgsqlDbType.Interval, n => new NpgsqlInterval(n % 12, n % 31, n * 1_000_001L),
            new NpgsqlInterval(-1, 1, -1), new NpgsqlInterval(0, 0, 0)),
        new CopyColumn<Guid>("c_uuid", "uuid", NpgsqlDbType.Uuid, n => new Guid(n, (short)n, 7, 1, 2, 3, 4, 5, 6, 7, 8), Guid.Empty),
        new CopyColumn<int[]>("c_ints", "int[]", NpgsqlDbType.Array | NpgsqlDbType.Integer, n => [.. Enumerable.Range(n, n % 5)],
            [], [.. Enumerable.Range(0, 20_000)]),
        new CopyColumn<string?[]>("c_texts", "text[]", NpgsqlDbType.Array | NpgsqlDbType.Text, n => ["", null, $"{n}"], []),
        new CopyColumn<string>("c_jsonb", "jsonb", NpgsqlDbType.Jsonb, n => $$"""{"n": {{n}}, "odd": {{(n % 2 == 1 ? "true" : "null")}}}""",
            "{}", "[]", "null", "1.50"),
        new CopyColumn<string>("c_enum", "mood", NpgsqlDbType.Text, n => (n % 3) switch { 0 => "sad", 1 => "calm", _ => "happy" }),
        new CopyColumn<IPAddress>("c_inet", "inet", NpgsqlDbType.Inet, n => new IPAddress(0x0A000000L + n), IPAddress.IPv6Loopback),
        new CopyColumn<NpgsqlPoint>("c_point", "point", NpgsqlDbType.Point, n => new NpgsqlPoint(n, 1d / n),
            new NpgsqlPoint(double.NegativeInfinity, -0d)),
        new CopyColumn<BitArray>("c_varbit", "varbit", NpgsqlDbType.Varbit, n => new BitArray([n]), new BitArray(0), new BitArray(3, true)),
        new CopyColumn<NpgsqlRange<int>>("c_range", "int4range", NpgsqlDbType.IntegerRange, n => new NpgsqlRange<int>(n, true, n + 10, false),
            NpgsqlRange<int>.Empty),
    ];

    static DateTime Moment(int n, DateTimeKind kind) => new DateTime(2020, 2, 28, 23, 59, 59, kind).AddTicks(n * 36_000_000_010L);
}

sealed class CopyColumn<T>(string name, string type, NpgsqlDbType wire, Func<int, T> value, params T[] extremes) : CopyColumn(name, type)
    where T : notnull
{
    // Not the same rows for each column, and none of the extremes.
    readonly int _nullAt = name.Length % 6;

    bool IsNull(int row) => row >= extremes.Length && row % 6 == _nullAt;

    T Value(int row) => row < extremes.Length ? extremes[row] : value(row);

    public override Task WriteAsync(NpgsqlBinaryImporter importer, int row) =>
        IsNull(row) ? importer.WriteNullAsync() : importer.WriteAsync(Value(row), wire);

    public override async Task CheckAsync(NpgsqlBinaryExporter exporter, int row)
    {
        Assert.Equal(IsNull(row), exporter.IsNull);
        if (exporter.IsNull)
        {
            await exporter.SkipAsync();
        }
        else
        {
            Assert.Equal(Value(row), await exporter.ReadAsync<T>(wire));
        }
    }
}
