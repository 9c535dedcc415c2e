// Kernels of strings against .NET's strings.

using System;
using System.Linq;
using System.Text.RegularExpressions;
using Xunit;

namespace Epiphany.Execution.Tests;

/// <summary>Strings, in varlenas with both headers and in dictionaries.</summary>
public class ExpressionsTextTests
{
    const uint CCollation = 950;
    const uint DefaultCollation = 100;
    const uint OtherCollation = 12345;

    static readonly ValueType s_bpchar = new(TypeOid.BpChar, -1, 100, -1, false);
    static readonly ValueType s_uuid = new(TypeOid.Uuid, -1, 0, 16, false);

    static readonly string[] s_texts = ["", " ", "a", "b", "ab", "aab", "abc", "abcabc", "abc  ", "ABC", "äöü", "aäb", "äab",
        "€", "a€b", "%", "a%b",
        "a_b", "a\\b",
        "𝄞", "special requests", "the special packages requests", "aaaaaaaaaaaaaaaaaaaaaaaab", new string('x', 200), "x", "zß" + new string('é',
            40) + "q"];

    static readonly ulong[] s_datums = [.. s_texts.Select((t, i) => Values.Of(t, i % 2 == 0 && t.Length < 50))];

    static ulong?[] Sample(int seed, int count = 600, double nulls = 0.15) => Values.Mix(new Random(seed), count, nulls,
        r => s_datums[r.Next(s_datums.Length)]);

    static string T(ulong? datum) => Values.Text(datum!.Value);

    /// <summary>The expression over a plain column and over one with a dictionary of the same texts.</summary>
    static void Check(Func<FakeHost> host, Action<ProgramWriter> expression, Func<ulong?, object?> model, double nulls = 0.15)
    {
        ulong?[] column = Sample(11, 600, nulls);
        using var plain = new ExpressionsCheck(host(), expression, column);
        plain.Agrees(v => model(v[0]));
        for (int table = 0; table < 3; table++)
        {
            plain.SetCodes(0, (ulong)table, s_datums);
            plain.Agrees(v => model(v[0]));
        }
    }

    static FakeHost NoHost() => new();

    static int Order(string a,
        string b) => Math.Sign(System.Text.Encoding.UTF8.GetBytes(a).AsSpan().SequenceCompareTo(System.Text.Encoding.UTF8.GetBytes(b)));

    static bool Holds(int relation, int order) => relation switch
    {
        0 => order == 0,
        1 => order != 0,
        2 => order < 0,
        3 => order <= 0,
        4 => order > 0,
        _ => order >= 0,
    };

    [Fact]
    public void Comparisons_in_the_order_of_bytes()
    {
        uint[] text = [67, 157, 740, 741, 742, 743];
        uint[] blankPadded = [1048, 1053, 1049, 1050, 1051, 1052];
        uint[] bytea = [1948, 1953, 1949, 1950, 1951, 1952];
        for (int i = 0; i < 6; i++)
        {
            int relation = i;
            foreach ((uint function, ValueType type) in new[] { (text[i], ProgramWriter.Text), (bytea[i], ProgramWriter.Text), (blankPadded[i],
                s_bpchar) })
            {
                string Key(ulong? d) => type == s_bpchar ? T(d).TrimEnd(' ') : T(d);
                using var both = new ExpressionsCheck(NoHost(),
                    w => w.Call(ProgramWriter.Bool, function, 2, CCollation).Column(type, 0).Column(type, 1),
                    Sample(1), Sample(2));
                both.Agrees(v => v[0] == null || v[1] == null ? null : Holds(relation, Order(Key(v[0]), Key(v[1]))));
                foreach (ulong constant in s_datums)
                {
                    Check(NoHost, w => w.Call(ProgramWriter.Bool, function, 2, CCollation).Column(type, 0).Const(type, constant),
                        v => v == null ? null : Holds(relation, Order(Key(v), Key(constant))));
                }
            }
        }
    }

    [Fact]
    public void A_collation_that_is_not_known_is_PostgreSQLs()
    {
        foreach ((uint function, uint collation) in new[] { (67U, OtherCollation), (740U, DefaultCollation), (740U, OtherCollation), (850U,
            OtherCollation) })
        {
            var host = new FakeHost();
            host.AddFunction(function, a => T(a[0]).Length == T(a[1]).Length ? 1UL : 0);
            using var check = new ExpressionsCheck(host, w => w.Call(ProgramWriter.Bool, function, 2, collation).Column(ProgramWriter.Text, 0)
                .Column(ProgramWriter.Text, 1), Sample(1), Sample(2));
            check.Agrees(v => v[0] == null || v[1] == null ? null : T(v[0]).Length == T(v[1]).Length);
            Assert.NotEqual(0, host.HostRows);
        }
    }

    [Fact]
    public void Uuids()
    {
        ulong[] datums = [.. Enumerable.Range(0, 20).Select(i => Values.Bytes([.. Enumerable.Range(0,
            16).Select(b => (byte)(b == 15 ? i * 13 : i % 3))]))];
        static byte[] B(ulong? d) => Values.ReadBytes(d!.Value, 16);
        uint[] functions = [2956, 2959, 2954, 2955, 2958, 2957];
        for (int i = 0; i < 6; i++)
        {
            int relation = i;
            using var check = new ExpressionsCheck(NoHost(),
                w => w.Call(ProgramWriter.Bool, functions[relation], 2).Column(s_uuid, 0).Column(s_uuid, 1),
                Values.Mix(new Random(1), 500, 0.1, r => datums[r.Next(20)]), Values.Mix(new Random(2), 500, 0.1, r => datums[r.Next(20)]));
            check.Agrees(v => v[0] == null || v[1] == null ? null : Holds(relation, Math.Sign(B(v[0]).AsSpan().SequenceCompareTo(B(v[1])))));
        }
    }

    static bool Like(string text, string pattern)
    {
        var regex = new System.Text.StringBuilder("^");
        for (int i = 0; i < pattern.Length; i++)
        {
            // A character beyond the first plane is two of .NET's.
            regex.Append(pattern[i] switch
            {
                '%' => "(?:.|\n)*",
                '_' => "(?:[\ud800-\udbff][\udc00-\udfff]|[^\ud800-\udfff])",
                '\\' => Regex.Escape(pattern[++i].ToString()),
                var c => Regex.Escape(c.ToString()),
            });
        }

        return Regex.IsMatch(text, regex.Append("\\z").ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("%")]
    [InlineData("%%")]
    [InlineData("_")]
    [InlineData("__")]
    [InlineData("%_%")]
    [InlineData("a%")]
    [InlineData("%b")]
    [InlineData("a%b")]
    [InlineData("%special%requests%")]
    [InlineData("%abc%abc")]
    [InlineData("a_b")]
    [InlineData("a\\_b")]
    [InlineData("a\\%b")]
    [InlineData("a\\\\b")]
    [InlineData("%_b")]
    [InlineData("_%_")]
    [InlineData("ä%")]
    [InlineData("_ab")]
    [InlineData("%ä_")]
    [InlineData("%a_b%")]
    [InlineData("%_a_b")]
    [InlineData("aab%aab")]
    [InlineData("%aaab")]
    [InlineData("%é_")]
    [InlineData("%_é%")]
    public void Like_with_a_constant_pattern(string pattern)
    {
        ulong datum = Values.Of(pattern);
        foreach (uint function in new uint[] { 850, 1569, 1631 })
        {
            Check(NoHost,
                w => w.Call(ProgramWriter.Bool, function, 2, DefaultCollation).Column(ProgramWriter.Text, 0).Const(ProgramWriter.Text, datum),
                v => v == null ? null : Like(T(v), pattern));
        }

        foreach (uint function in new uint[] { 851, 1570, 1632 })
        {
            Check(NoHost,
                w => w.Call(ProgramWriter.Bool, function, 2, DefaultCollation).Column(ProgramWriter.Text, 0).Const(ProgramWriter.Text, datum),
                v => v == null ? null : !Like(T(v), pattern));
        }
    }

    [Fact]
    public void Like_with_other_patterns_is_PostgreSQLs()
    {
        var host = new FakeHost();
        host.AddFunction(850, _ => 1);
        using var column = new ExpressionsCheck(host, w => w.Call(ProgramWriter.Bool, 850, 2, DefaultCollation).Column(ProgramWriter.Text, 0)
            .Column(ProgramWriter.Text, 1), Sample(1), Sample(2));
        column.Agrees(v => v[0] == null || v[1] == null ? null : true);
        using var escape = new ExpressionsCheck(host, w => w.Call(ProgramWriter.Bool, 850, 2, DefaultCollation).Column(ProgramWriter.Text, 0)
            .Const(ProgramWriter.Text, Values.Of("a\\")), Sample(1));
        escape.Agrees(v => v[0] == null ? null : true);
    }

    static int Characters(string text) => text.EnumerateRunes().Count();

    [Fact]
    public void Functions_that_give_integers()
    {
        foreach (uint function in new uint[] { 1257, 1317, 1369, 1381 })
        {
            Check(NoHost, w => w.Call(ProgramWriter.Int4, function, 1, DefaultCollation).Column(ProgramWriter.Text, 0),
                v => v == null ? null : (ulong)Characters(T(v)));
        }

        Check(NoHost,
            w => w.Call(ProgramWriter.Int4, 1318, 1, DefaultCollation).Column(s_bpchar, 0),
                v => v == null ? null : (ulong)Characters(T(v).TrimEnd(' ')));
        Check(NoHost, w => w.Call(ProgramWriter.Int4, 1374, 1, DefaultCollation).Column(ProgramWriter.Text, 0),
            v => v == null ? null : (ulong)System.Text.Encoding.UTF8.GetByteCount(T(v)));
        foreach (string wanted in new[] { "", "b", "ü", "requests", "xyz" })
        {
            Check(NoHost,
                w => w.Call(ProgramWriter.Int4, 868, 2, DefaultCollation).Column(ProgramWriter.Text, 0).Const(ProgramWriter.Text, Values.Of(wanted)),
                v => v == null ? null : T(v).IndexOf(wanted, StringComparison.Ordinal) is var at && at < 0 ? 0UL : (ulong)Characters(T(v)[..at]) + 1);
            Check(NoHost,
                w => w.Call(ProgramWriter.Bool, 3696, 2, DefaultCollation).Column(ProgramWriter.Text, 0).Const(ProgramWriter.Text, Values.Of(wanted)),
                v => v == null ? null : T(v).StartsWith(wanted, StringComparison.Ordinal));
        }
    }

    static string Part(string text, int start, int? length)
    {
        if (length < 0)
        {
            throw new RaisedException(SqlState.Pack("22011"), "negative substring length not allowed");
        }

        long end = length == null ? long.MaxValue : (long)start + length.Value;
        return string.Concat(text.EnumerateRunes().Where((_, i) => i + 1 >= start && i + 1 < end));
    }

    [Fact]
    public void Substrings()
    {
        int[] starts = [1, 2, 3, 0, -2, 10, int.MaxValue, int.MinValue];
        foreach (uint function in new uint[] { 877, 936 })
        {
            using var check = new ExpressionsCheck(NoHost(), w => w.Call(ProgramWriter.Text, function, 3).Column(ProgramWriter.Text, 0)
                .Column(ProgramWriter.Int4, 1).Column(ProgramWriter.Int4, 2), Sample(1), Values.Mix(new Random(2), 600, 0.05,
                    r => Values.Of(starts[r.Next(8)])),
                Values.Mix(new Random(3), 600, 0.05, r => Values.Of(r.Next(10) == 0 ? -1 : starts[r.Next(7)])));
            check.Agrees(v => v.Contains(null) ? null : Part(T(v[0]), (int)v[1]!, (int)v[2]!));
        }

        foreach (uint function in new uint[] { 883, 937 })
        {
            using var check = new ExpressionsCheck(NoHost(), w => w.Call(ProgramWriter.Text, function, 2).Column(ProgramWriter.Text, 0)
                .Column(ProgramWriter.Int4, 1), Sample(1), Values.Mix(new Random(2), 600, 0.05, r => Values.Of(starts[r.Next(8)])));
            check.Agrees(v => v.Contains(null) ? null : Part(T(v[0]), (int)v[1]!, null));
        }
    }

    [Fact]
    public void Functions_that_give_text()
    {
        using var both = new ExpressionsCheck(NoHost(),
            w => w.Call(ProgramWriter.Text, 1258, 2).Column(ProgramWriter.Text, 0).Column(ProgramWriter.Text, 1),
            Sample(1), Sample(2));
        both.Agrees(v => v.Contains(null) ? null : T(v[0]) + T(v[1]));
        (uint, Func<string, string>)[] functions = [(870, t => Ascii(t, char.IsAsciiLetterUpper)), (871, t => Ascii(t, char.IsAsciiLetterLower)),
            (401, t => t.TrimEnd(' ')),
            (882, t => t.TrimEnd(' ')), (881, t => t.TrimStart(' ')), (885, t => t.Trim(' '))];
        foreach ((uint function, Func<string, string> model) in functions)
        {
            using var check = new ExpressionsCheck(NoHost(),
                w => w.Call(ProgramWriter.Text, function, 1, CCollation).Column(ProgramWriter.Text, 0), Sample(3));
            check.Agrees(v => v[0] == null ? null : model(T(v[0])));
        }
    }

    static string Ascii(string text, Func<char, bool> changes) => string.Concat(text.Select(c => changes(c) ? (char)(c ^ 0x20) : c));

    /// <summary>length(x) = 3 OR x = 'a' OR x IS NULL; and 10 / length(x), which is an error for one entry.</summary>
    [Fact]
    public void A_dictionary_is_computed_by_entry()
    {
        Check(NoHost, w =>
        {
            w.Expression(ExpressionKind.Or, ProgramWriter.Bool).Add(3);
            w.Call(ProgramWriter.Bool, 65, 2).Call(ProgramWriter.Int4, 1317, 1).Column(ProgramWriter.Text, 0).Const(ProgramWriter.Int4, 3);
            w.Call(ProgramWriter.Bool, 67, 2, DefaultCollation).Column(ProgramWriter.Text, 0).Const(ProgramWriter.Text, Values.Of("a"));
            w.Expression(ExpressionKind.IsNull, ProgramWriter.Bool).Column(ProgramWriter.Text, 0);
        }, v => v == null || Characters(T(v)) == 3 || T(v) == "a");
        foreach (double nulls in new[] { 0, 0.2 })
        {
            Check(NoHost,
                w => w.Call(ProgramWriter.Int4, 154, 2).Const(ProgramWriter.Int4, 10).Call(ProgramWriter.Int4, 1317, 1).Column(ProgramWriter.Text, 0),
                v => v == null ? null : Characters(T(v)) is var n && n == 0 ? throw new RaisedException(SqlState.Pack("22012"), "division by zero")
                    : (ulong)(10 / n), nulls);
        }

        // Two dictionaries meet.
        using var both = new ExpressionsCheck(NoHost(), w =>
        {
            w.Expression(ExpressionKind.And, ProgramWriter.Bool).Add(2);
            w.Expression(ExpressionKind.Or, ProgramWriter.Bool).Add(2);
            w.Call(ProgramWriter.Bool, 67, 2, DefaultCollation).Column(ProgramWriter.Text, 0).Const(ProgramWriter.Text, Values.Of("a"));
            w.Call(ProgramWriter.Bool, 850, 2, DefaultCollation).Column(ProgramWriter.Text, 1).Const(ProgramWriter.Text, Values.Of("%a%"));
            w.Call(ProgramWriter.Bool, 157, 2, DefaultCollation).Column(ProgramWriter.Text, 1).Const(ProgramWriter.Text, Values.Of("abc"));
        }, Sample(1), Sample(2));
        for (ulong table = 0; table < 3; table++)
        {
            both.SetCodes(0, 2 * table, s_datums);
            both.SetCodes(1, (2 * table) + 1, s_datums);
            both.Agrees(v =>
            {
                bool? isA = v[0] == null ? null : T(v[0]) == "a";
                bool? hasA = v[1] == null ? null : T(v[1]).Contains('a', StringComparison.Ordinal);
                bool? either = isA == true || hasA == true ? true : isA == null || hasA == null ? null : false;
                bool? isOther = v[1] == null ? null : T(v[1]) != "abc";
                return either == false || isOther == false ? false : either == null || isOther == null ? null : true;
            });
        }

        var host = new FakeHost();
        host.AddFunction(1238, a => T(a[0]).Length > 3 ? 1UL : 0);
        Check(() => host,
            w => w.Call(ProgramWriter.Bool, 1238, 2, DefaultCollation).Column(ProgramWriter.Text, 0).Const(ProgramWriter.Text, Values.Of("x")),
            v => v == null ? null : T(v).Length > 3);
    }
}
