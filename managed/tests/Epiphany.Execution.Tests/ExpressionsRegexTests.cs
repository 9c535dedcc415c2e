// Regular expressions that are plain sequences, against .NET's; which ones are not, and are PostgreSQL's.

using System;
using System.Linq;
using System.Text.RegularExpressions;
using Xunit;

namespace Epiphany.Execution.Tests;

public class ExpressionsRegexTests
{
    static readonly string[] s_texts =
    [
        "", "a", "aa", "ab", "b", "abc", "aXb", "http://www.a.org/x/y", "https://www./z", "http://b.com", "https://é.fr/ü?q=1", "www.", "x\ny",
        "a-b",
        "]", "//", "ftp://www.a/", "http://www.www.x/", "aaab", "äöü", "€/€/", "a.b", "[x]", "ababab", "?x=1?y", new string('a', 300) + "b",
    ];

    static readonly ulong[] s_datums = [.. s_texts.Select((t, i) => Values.Of(t, i % 2 == 0 && t.Length < 50))];

    static FakeHost Host()
    {
        var host = new FakeHost();
        host.AddFunction(1254, _ => 1);
        host.AddFunction(2284, _ => Values.Of("on host"), 3);
        return host;
    }

    static ExpressionsCheck Check(FakeHost host, Action<ProgramWriter> program) => new(host, program, [.. s_datums.Select(d => (ulong?)d), null]);

    static ProgramWriter Call(ProgramWriter w, uint function, int arguments, string pattern) =>
        w.Call(function == 2284 ? ProgramWriter.Text : ProgramWriter.Bool, function, arguments, 100).Column(ProgramWriter.Text, 0)
            .Const(ProgramWriter.Text, Values.Of(pattern));

    static string Net(string pattern) => pattern.EndsWith('$') ? pattern[..^1] + "\\z" : pattern;

    [Theory]
    [InlineData("^https?://(?:www\\.)?([^/]+)/.*$")]
    [InlineData("^https?://([^/]*)")]
    [InlineData("a+b")]
    [InlineData("^a")]
    [InlineData("b$")]
    [InlineData(".")]
    [InlineData("^.+$")]
    [InlineData("^..$")]
    [InlineData("[a-c]x?[^a-c]")]
    [InlineData("[-a]b?$")]
    [InlineData("[^/\\]]+/")]
    [InlineData("(?:ab)+$")]
    [InlineData("^(?:ab)*$")]
    [InlineData("\\?.*$")]
    [InlineData("a.*b")]
    [InlineData("ü$")]
    [InlineData("é?\\.")]
    [InlineData("(www)")]
    public void Matches(string pattern)
    {
        foreach (uint function in new uint[] { 1254, 1256 })
        {
            FakeHost host = Host();
            using ExpressionsCheck check = Check(host, w => Call(w, function, 2, pattern));
            check.Agrees(v => v[0] == null ? null
                : Regex.IsMatch(Values.Text(v[0]!.Value), Net(pattern), RegexOptions.Singleline) == (function == 1254));
            Assert.Equal(0, host.HostRows);
        }
    }

    [Theory]
    [InlineData("^https?://(?:www\\.)?([^/]+)/.*$", "\\1")]
    [InlineData("^https?://(?:www\\.)?([^/]+)/.*$", "<\\&|\\2|\\\\|\\x\\")]
    [InlineData("^www\\.", "")]
    [InlineData("\\?.*$", "")]
    [InlineData("a.b", "[\\&]")]
    [InlineData("([a-z])b", "\\1\\1")]
    [InlineData("(a+)b$", "<\\1>")]
    [InlineData("^(.*)/$", "\\1")]
    public void Replaces_the_first_match(string pattern, string replacement)
    {
        FakeHost host = Host();
        using ExpressionsCheck check = Check(host, w => Call(w, 2284, 3, pattern).Const(ProgramWriter.Text, Values.Of(replacement)));
        check.Agrees(v => v[0] == null ? null : new Regex(Net(pattern), RegexOptions.Singleline).Replace(Values.Text(v[0]!.Value),
            m => Regex.Replace(replacement, @"\\([1-9&\\])", e => e.Groups[1].Value switch
            {
                "1" => m.Groups[1].Value,
                "&" => m.Value,
                "\\" => "\\",
                _ => "",
            }), 1));
        Assert.Equal(0, host.HostRows);
    }

    [Theory]
    [InlineData("")]
    [InlineData("^")]
    [InlineData("a|b")]
    [InlineData("a*?")]
    [InlineData("a{2}")]
    [InlineData("\\d")]
    [InlineData("(a)(b)")]
    [InlineData("(a")]
    [InlineData("a)")]
    [InlineData("(?i)a")]
    [InlineData("***=a")]
    [InlineData("[[:alpha:]]")]
    [InlineData("[a-c-e]")]
    [InlineData("[]a]")]
    [InlineData("[é]")]
    [InlineData("(a)*")]
    [InlineData("(?:a|b)")]
    [InlineData("a$b")]
    [InlineData("a**")]
    [InlineData("a*a*a*b")]
    public void What_is_no_plain_sequence_is_PostgreSQLs(string pattern)
    {
        FakeHost host = Host();
        using ExpressionsCheck check = Check(host, w => Call(w, 1254, 2, pattern));
        check.Agrees(v => v[0] == null ? null : true);
        Assert.NotEqual(0, host.HostRows);
    }

    /// <summary>Where matches end, or what parentheses hold, is for PostgreSQL to say.</summary>
    [Theory]
    [InlineData("^a*")]
    [InlineData("a+b?")]
    [InlineData("^(https?)://.*$")]
    [InlineData("^a*b?(.)$")]
    [InlineData("^a*(b.)$")]
    public void What_is_not_plain_is_not_replaced(string pattern)
    {
        FakeHost host = Host();
        using ExpressionsCheck check = Check(host, w => Call(w, 2284, 3, pattern).Const(ProgramWriter.Text, Values.Of("")));
        check.Agrees(v => v[0] == null ? null : "on host");
    }

    [Fact]
    public void Long_texts_are_PostgreSQLs()
    {
        FakeHost host = Host();
        using var check = new ExpressionsCheck(host, w => Call(w, 1254, 2, "a.*b"), [Values.Of(new string('a', 40_000))]);
        check.Agrees(_ => true);
        Assert.NotEqual(0, host.HostRows);
    }
}
