// Tests of Interop. Errors: what crosses, and that nothing else can.

using System;
using System.Linq;
using System.Reflection;
using System.Runtime.InteropServices;
using Epiphany.Storage;
using Xunit;

namespace Epiphany.Interop.Tests;

public sealed unsafe class ErrorTests : IDisposable
{
    private readonly FakeHost _host = new();

    public ErrorTests() => _host.Start();

    public void Dispose() => _host.Dispose();

    /// <summary>An exception that left an export would end the server: the catch must begin with the method's first instructions.</summary>
    [Fact]
    public void Every_export_catches_everything()
    {
        var exports = typeof(Exports).GetMethods(BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
            .Where(m => m.GetCustomAttribute<UnmanagedCallersOnlyAttribute>() != null)
            .ToList();
        Assert.Equal(typeof(PgeManagedApi).GetFields().Count(f => f.FieldType.IsFunctionPointer), exports.Count);
        foreach (var export in exports)
        {
            var body = export.GetMethodBody()!;
            var clause = Assert.Single(body.ExceptionHandlingClauses);
            Assert.Equal(typeof(Exception), clause.CatchType);
            // Before it there may be a nop, after it the load of a local and the return (ldloc.s, ret): nothing that can throw.
            Assert.True(clause.TryOffset <= 2, $"{export.Name} begins outside its try");
            Assert.True(body.GetILAsByteArray()!.Length - clause.HandlerOffset - clause.HandlerLength <= 3, $"{export.Name} ends outside");
        }
    }

    [Theory]
    [InlineData("0A000", SqlState.FeatureNotSupported)]
    [InlineData("22012", SqlState.DivisionByZero)]
    [InlineData("22023", SqlState.InvalidParameterValue)]
    [InlineData("53200", SqlState.OutOfMemory)]
    [InlineData("54001", SqlState.StatementTooComplex)]
    [InlineData("XX000", SqlState.InternalError)]
    [InlineData("XX001", SqlState.DataCorrupted)]
    public void Packs_sqlstates_as_PostgreSQL_does(string code, int packed) => Assert.Equal(SqlState.Pack(code), packed);

    [Fact]
    public void Carries_every_text()
    {
        Assert.Equal(PgeStatus.ManagedError, _host.SelfTest(PgeSelfTest.ThrowFull, 0, out _));
        Assert.Equal(SqlState.InvalidParameterValue, _host.Error->SqlState);
        Assert.Equal(("provoked message", "provoked detail", "provoked hint"), (_host.Message, _host.Detail, _host.Hint));
    }

    [Fact]
    public void Leaves_nothing_of_the_error_before()
    {
        _host.SelfTest(PgeSelfTest.ThrowFull, 0, out _);
        _host.SelfTest(PgeSelfTest.ThrowStored, 0, out _);
        Assert.Equal(("provoked bad bytes", "", ""), (_host.Message, _host.Detail, _host.Hint));
    }

    [Theory]
    [InlineData(62)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(10000)]
    public void Cuts_long_texts_to_fit(int length)
    {
        _host.SelfTest(PgeSelfTest.ThrowLong, length, out _);
        Assert.Equal(Math.Min(length, 63), _host.Message.Length);
        Assert.Equal(Math.Min(length, 63), _host.Detail.Length);
        Assert.Equal(Math.Min(length, 63), _host.Hint.Length);
    }

    [Fact]
    public void Writes_text_that_any_encoding_can_show()
    {
        Errors.Capture(new PgException(0, "gr\u00fc\u00dfe \u6f22 \ud83d\ude00\u0007\n."));
        Assert.Equal("gr??e ? ???\n.", _host.Message);
    }

    [Fact]
    public void Names_an_unexpected_exception_and_where_it_came_from()
    {
        Assert.Equal(PgeStatus.ManagedError, _host.SelfTest(PgeSelfTest.ThrowUnexpected, 0, out _));
        Assert.Equal(SqlState.InternalError, _host.Error->SqlState);
        Assert.StartsWith("InvalidOperationException in the managed library", _host.Message, StringComparison.Ordinal);
        Assert.Contains("SelfTest", _host.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Survives_an_exception_that_cannot_tell_of_itself()
    {
        Assert.Equal(PgeStatus.ManagedError, Errors.Capture(new Mute()));
        Assert.Equal("unexpected failure in the managed library", _host.Message);
    }

    [Fact]
    public void Tells_the_ends_of_memory_apart()
    {
        Errors.Capture(new OutOfMemoryException());
        Assert.Equal(SqlState.OutOfMemory, _host.Error->SqlState);
        Assert.StartsWith("The managed heap", _host.Detail, StringComparison.Ordinal);
        Assert.Equal(PgeStatus.ManagedError, _host.SelfTest(PgeSelfTest.HostMemory, 0, out _));
        Assert.Equal(SqlState.OutOfMemory, _host.Error->SqlState);
        Assert.Equal(("Failed on a request of 1152921504606846976 bytes.", ""), (_host.Detail, _host.Hint));
    }

    [Fact]
    public void Capturing_allocates_nothing_where_memory_may_be_short()
    {
        var caught = new OutOfMemoryException();
        Errors.Capture(caught);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Errors.Capture(caught);
        Errors.Capture(PgErrorException.Instance);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void Reports_and_raises_on_the_hosts_side()
    {
        Assert.Equal(PgeStatus.Ok, _host.SelfTest(PgeSelfTest.Report, 18, out _));
        Assert.Equal("18 provoked report", FakeHost.Reported);
        Assert.Equal(PgeStatus.PgError, _host.SelfTest(PgeSelfTest.Raise, 0, out _));
        Assert.Equal($"{SqlState.DivisionByZero} provoked in PostgreSQL", FakeHost.Reported);
    }

    [Fact]
    public void A_hosts_error_ends_the_call()
    {
        Assert.Equal(PgeStatus.PgError, _host.SelfTest(PgeSelfTest.Nest, 99, out _));
        _host.SelfTest(PgeSelfTest.HandleCount, 0, out var live);
        Assert.Equal(0, live);
    }

    [Fact]
    public void Interrupts_are_asked_for_only_when_one_is_pending()
    {
        Assert.Equal(PgeStatus.Ok, _host.SelfTest(PgeSelfTest.Spin, 5, out _));
        Assert.Equal(0, FakeHost.Interrupts);
        *_host.InterruptPending = 1;
        Assert.Equal(PgeStatus.PgError, _host.SelfTest(PgeSelfTest.Spin, 60000, out _));
        Assert.Equal(1, FakeHost.Interrupts);
        FakeHost.OnInterrupt = PgeStatus.Ok;
        Assert.Equal(PgeStatus.Ok, _host.SelfTest(PgeSelfTest.Spin, 5, out _));
    }

    [Fact]
    public void Collects_at_each_call_when_told()
    {
        *_host.ForceGc = 1;
        _host.SelfTest(PgeSelfTest.Collections, 0, out var before);
        _host.SelfTest(PgeSelfTest.Collections, 0, out var after);
        Assert.True(after > before);
    }

    private sealed class Mute : Exception
    {
        public override string Message => throw new InvalidOperationException();
    }
}
