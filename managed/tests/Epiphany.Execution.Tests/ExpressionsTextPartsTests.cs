// Functions that cut, join and fold strings, over plain columns and dictionaries, against .NET's strings.

using System;
using System.Linq;
using Xunit;

namespace Epiphany.Execution.Tests;

/// <summary>Where PostgreSQL has to be asked, the test says so.</summary>
public class ExpressionsTextPartsTests
{
    const uint CCollation = 950;
    const uint DefaultCollation = 100;

    static readonly string[] s_texts =
        ["", "a", "B", "a.b.c", "..", ".a", "aXbXXc", "äöü.é€", "xxaxx", "Straße", "ÄB", "a%b", "𝄞.𝄞", "aaaa", "ABABA",
            new string('Q', 40) + ".é"];

    static readonly ulong[] s_datums = [.. s_texts.Select((t, i) => Values.Of(t, i % 2 == 0))];

    static ulong?[] Sample(int seed) => Values.Mix(new Random(seed), 500, 0.1, r => s_datums[r.Next(s_datums.Length)]);

    static string T(ulong? datum) => Values.Text(datum!.Value);

    static void Check(Action<ProgramWriter> expression, Func<string, object?> model, FakeHost? host = null)
    {
        using var check = new ExpressionsCheck(host ?? new FakeHost(), expression, Sample(1));
        check.Agrees(v => v[0] == null ? null : model(T(v[0])));
        for (int table = 0; table < 3; table++)
        {
            check.SetCodes(0, (ulong)table, s_datums);
            check.Agrees(v => v[0] == null ? null : model(T(v[0])));
        }
    }

    static ProgramWriter Call(ProgramWriter w, uint function, int arguments, ValueType? type = null) =>
        w.Call(type ?? ProgramWriter.Text, function, arguments, CCollation).Column(ProgramWriter.Text, 0);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(-1)]
    [InlineData(-3)]
    [InlineData(int.MaxValue)]
    [InlineData(-int.MaxValue)]
    [InlineData(int.MinValue)]
    public void Left_and_right(int number)
    {
        string[] Runes(string text) => [.. text.EnumerateRunes().Select(r => r.ToString())];
        Check(w => Call(w, 3060, 2).Const(ProgramWriter.Int4, Values.Of(number)), t =>
        {
            string[] runes = Runes(t);
            long count = number < 0 ? runes.Length + (long)number : number;
            return string.Concat(runes.Take((int)Math.Clamp(count, 0, runes.Length)));
        });
        Check(w => Call(w, 3061, 2).Const(ProgramWriter.Int4, Values.Of(number)), t =>
        {
            string[] runes = Runes(t);

            // PostgreSQL negates the smallest integer to itself, and leaves out no character.
            long left = number == int.MinValue ? 0 : number < 0 ? -(long)number : runes.Length - (long)number;
            return string.Concat(runes.Skip((int)Math.Clamp(left, 0, runes.Length)));
        });
    }

    [Theory]
    [InlineData(".")]
    [InlineData("XX")]
    [InlineData("aa")]
    [InlineData("€")]
    [InlineData("")]
    public void Split_part_and_replace(string separator)
    {
        foreach (int field in new[] { 1, 2, 3, 9, -1, -2, -3, int.MaxValue, int.MinValue })
        {
            Check(w => Call(w, 2088, 3).Const(ProgramWriter.Text, Values.Of(separator)).Const(ProgramWriter.Int4, Values.Of(field)), t =>
            {
                string[] parts = separator.Length == 0 || t.Length == 0 ? [t] : t.Split(separator);
                long at = field > 0 ? field - 1L : parts.Length + (long)field;
                return at >= 0 && at < parts.Length ? parts[at] : "";
            });
        }

        foreach (string other in new[] { "", "-", separator + "ü" + separator })
        {
            Check(w => Call(w, 2087, 3).Const(ProgramWriter.Text, Values.Of(separator)).Const(ProgramWriter.Text, Values.Of(other)),
                t => separator.Length == 0 ? t : t.Replace(separator, other, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Field_0_is_PostgreSQLs()
    {
        var host = new FakeHost();
        host.AddFunction(2088, _ => Values.Of("on host"), 3);
        Check(w => Call(w, 2088, 3).Const(ProgramWriter.Text, Values.Of(".")).Const(ProgramWriter.Int4, 0), _ => "on host", host);
    }

    [Fact]
    public void Trimming_of_sets()
    {
        foreach (string set in new[] { "", "a", "xQ", ".a" })
        {
            char[] characters = set.ToCharArray();
            (uint, Func<string, string>)[] functions = set.Length == 0 ? [(884, t => t), (875, t => t), (876, t => t)]
                : [(884, t => t.Trim(characters)), (875, t => t.TrimStart(characters)), (876, t => t.TrimEnd(characters))];
            foreach ((uint function, Func<string, string> model) in functions)
            {
                Check(w => Call(w, function, 2).Const(ProgramWriter.Text, Values.Of(set)), t => model(t));
            }
        }

        var host = new FakeHost();
        host.AddFunction(884, _ => Values.Of("on host"));
        Check(w => Call(w, 884, 2).Const(ProgramWriter.Text, Values.Of("é")), _ => "on host", host);
    }

    [Theory]
    [InlineData("%b%")]
    [InlineData("STRASSE")]
    [InlineData("%XX_")]
    [InlineData("äb")]
    [InlineData("ÄB")]
    [InlineData("a\\%B")]
    [InlineData("%q.%")]
    public void ILIKE_in_C_folds_ASCII_letters(string pattern)
    {
        foreach (uint function in new uint[] { 1633, 1634 })
        {
            Check(w => Call(w, function, 2, ProgramWriter.Bool).Const(ProgramWriter.Text, Values.Of(pattern)), t =>
            {
                string like = "^" + System.Text.RegularExpressions.Regex.Escape(Lower(pattern)).Replace("%", ".*", StringComparison.Ordinal)
                    .Replace("_", ".", StringComparison.Ordinal).Replace("\\\\.*", "%", StringComparison.Ordinal) + "$";
                return System.Text.RegularExpressions.Regex.IsMatch(Lower(t), like) == (function == 1633);
            });
        }
    }

    static string Lower(string text) => string.Concat(text.Select(c => char.IsAsciiLetterUpper(c) ? (char)(c | 0x20) : c));

    [Fact]
    public void Other_collations_fold_as_PostgreSQL_does()
    {
        var host = new FakeHost();
        host.AddFunction(1633, _ => 1);
        using var check = new ExpressionsCheck(host, w => w.Call(ProgramWriter.Bool, 1633, 2, DefaultCollation).Column(ProgramWriter.Text, 0)
            .Const(ProgramWriter.Text, Values.Of("x")), Sample(1));
        check.Agrees(v => v[0] == null ? null : true);
        Assert.NotEqual(0, host.HostRows);
    }

    /// <summary>PostgreSQL is asked once for each entry, and once the results of all are known they are a dictionary in turn.</summary>
    [Fact]
    public unsafe void Strings_made_of_a_dictionary_are_one()
    {
        var host = new FakeHost();
        host.AddFunction(872, a => T(a[0]).Length == 3 ? null : Values.Of(T(a[0]) + "!"), 1);
        using var check = new ExpressionsCheck(host, w => Call(w, 872, 1),
            [.. s_datums.Select(d => (ulong?)d), .. Sample(1)]);
        check.SetCodes(0, 1, s_datums);
        check.Expression.Start();
        var batch = new Batch(1) { Rows = 500 + s_datums.Length };
        batch.Columns[0].Refer(check.Column(0));
        ulong first = 0;
        for (int i = 0; i < 3; i++)
        {
            Vector result = check.Expression.Evaluate(batch, Rows.All(batch.Rows));
            Assert.True(result.Codes != null);
            Assert.Equal(s_datums.Length + 1, result.Entries);
            first = i == 0 ? result.TableId : first;
            Assert.Equal(first, result.TableId);
            for (int row = 0; row < batch.Rows; row++)
            {
                Assert.Equal(batch.Columns[0].IsNull(row) || T(batch.Columns[0].Values[row]).Length == 3, result.IsNull(row));
                Assert.True(result.IsNull(row) || result.Table[result.Codes[row]] == result.Values[row]);
            }

            // Who looks at the table as a whole finds strings everywhere.
            for (int entry = 0; entry < result.Entries; entry++)
            {
                Assert.True(Varlena.Payload(result.Table[entry]).Length >= 0);
            }
        }

        Assert.Equal(s_datums.Length, host.HostRows);
    }
}
