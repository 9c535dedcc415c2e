// Tests of Interop. Handles: numbers for objects, and for nothing else.

using System;
using System.Collections.Generic;
using Xunit;

namespace Epiphany.Interop.Tests;

public sealed class HandleTests : IDisposable
{
    private readonly FakeHost _host = new();

    public HandleTests() => _host.Start();

    public void Dispose() => _host.Dispose();

    [Fact]
    public void Follow_a_model_through_many_lives()
    {
        var random = new Random(7);
        var live = new List<(ulong Handle, object Target)>();
        var dead = new List<ulong>();
        var start = Handles.Count;
        for (var i = 0; i < 20000; i++)
        {
            if (live.Count == 0 || random.Next(100) < 52)
            {
                var target = new object();
                live.Add((Handles.Add(target), target));
            }
            else
            {
                var at = random.Next(live.Count);
                Handles.Free(live[at].Handle);
                dead.Add(live[at].Handle);
                live.RemoveAt(at);
            }

            Assert.Equal(start + live.Count, Handles.Count);
        }

        foreach (var (handle, target) in live)
        {
            Assert.Same(target, Handles.Get<object>(handle));
        }

        foreach (var handle in dead)
        {
            Assert.Throws<PgException>(() => Handles.Get<object>(handle));
            Handles.Free(handle);
        }

        foreach (var (handle, _) in live)
        {
            Handles.Free(handle);
        }

        Assert.Equal(start, Handles.Count);
    }

    [Theory]
    [InlineData(0ul)]
    [InlineData(0xffff_fffful)]
    [InlineData(ulong.MaxValue)]
    [InlineData(1ul << 63)]
    public void Refuse_numbers_that_were_never_given(ulong handle)
    {
        Assert.Throws<PgException>(() => Handles.Get<object>(handle));
        Handles.Free(handle);
    }

    [Fact]
    public void Refuse_an_object_of_another_kind()
    {
        var handle = Handles.Add("text");
        Assert.Throws<PgException>(() => Handles.Get<Version>(handle));
        Handles.Free(handle);
    }

    [Fact]
    public void Freeing_allocates_nothing()
    {
        var handle = Handles.Add("text");
        Handles.Free(Handles.Add("warm"));
        var before = GC.GetAllocatedBytesForCurrentThread();
        Handles.Free(handle);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }
}
